// The protocol's bytes, in one place for those who speak it.
export { decodeAgentMessage } from './decode';
export { encodeErrorResponse, encodeRemoteConfig, encodeServerMessage } from './encode';
export { AgentCapability, capabilityNames, hasCapability, ServerCapability } from './message';
export type {
  AgentMessage,
  ComponentReport,
  ConfigStatus,
  ErrorResponse,
  HealthReport,
  ServerMessage,
  StatusReport,
} from './message';
