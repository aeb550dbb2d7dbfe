export type { AlertCheck } from './hyperdx/alerts';
export { idOf as sessionIdOf, SESSION_COOKIE, signedId as signedSessionId } from './hyperdx/cookie';
export {
  inviteDocument,
  insertContent,
  insertUser,
  teamContent,
  userDocument,
} from './hyperdx/documents';
export type { TeamContent } from './hyperdx/documents';
export type { Received } from './hyperdx/echo';
export { hashPassword, verifyPassword } from './hyperdx/password';
export { spawnHyperdx } from './hyperdx/process';
export type { HyperdxProcess } from './hyperdx/process';
export { startHyperdx } from './hyperdx/server';
export type { Hyperdx, HyperdxOptions } from './hyperdx/server';
