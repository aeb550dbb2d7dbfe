import { findHyperdxRoute } from '../utils/hyperdxRoutes';
import type { RequestTarget } from './path';

/** Who answers a request. */
export type Decision =
  | { to: 'ours' }
  | { to: 'hyperdx'; pattern: string }
  /** The table of routes does not know it. */
  | { to: 'nobody' };

/** What a route that is forwarded unjudged is called. */
export const UNKNOWN_ROUTE = 'unknown';

/** HyperDX's MCP server, whose bodies are read before they are forwarded. */
export const MCP_ROUTE = '/mcp';

/**
 * Decides by the table of routes.
 * @param forwardUnknown whether HyperDX is to answer what the table does not know.
 */
export function decide(target: Pick<RequestTarget, 'key'>, forwardUnknown: boolean): Decision {
  const route = findHyperdxRoute(target.key);
  if (route?.whose === 'ours') return { to: 'ours' };
  if (route) return { to: 'hyperdx', pattern: route.pattern };
  return forwardUnknown ? { to: 'hyperdx', pattern: UNKNOWN_ROUTE } : { to: 'nobody' };
}

/** Words, as routes are made of; what holds anything else may be an id or a token. */
const WORD = /^[a-z][a-z-]{0,31}$/;
const VERSION = /^v\d{1,2}$/;
const LOGGED_SEGMENTS = 4;

/** An unknown path as a log may hold it: the words of its beginning, and `*` for what may be a secret. */
export function maskPath(key: string): string {
  const segments = key.split('/').slice(1, 1 + LOGGED_SEGMENTS);
  return `/${segments.map((text) => (WORD.test(text) || VERSION.test(text) ? text : '*')).join('/')}`;
}
