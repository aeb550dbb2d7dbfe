import type { IncomingHttpHeaders } from 'node:http';

import { TenancyError } from '@hyperdx-tenancy/domain/errors';

import { hasDisputedKeys } from './repeatedKeys';

/** The tools of HyperDX 2.36's MCP server that write sources: past the suffix of tables and the check of other tenants' ids. */
const REFUSED_TOOLS: ReadonlySet<string> = new Set([
  'clickstack_delete_source',
  'clickstack_save_source',
]);

/** Its other 28 tools: they keep to the caller's team, and ask ClickHouse by the team's connection alone. */
const HARMLESS_TOOLS: ReadonlySet<string> = new Set([
  'clickstack_delete_dashboard',
  'clickstack_delete_webhook',
  'clickstack_describe_metric',
  'clickstack_describe_source',
  'clickstack_emerging_signals',
  'clickstack_event_deltas',
  'clickstack_event_patterns',
  'clickstack_get_alert',
  'clickstack_get_dashboard',
  'clickstack_get_dashboard_tile',
  'clickstack_get_saved_search',
  'clickstack_get_webhook',
  'clickstack_list_metrics',
  'clickstack_list_sources',
  'clickstack_patch_dashboard',
  'clickstack_query_tile',
  'clickstack_query_tiles',
  'clickstack_save_alert',
  'clickstack_save_dashboard',
  'clickstack_save_saved_search',
  'clickstack_save_webhook',
  'clickstack_search',
  'clickstack_search_dashboards',
  'clickstack_sql',
  'clickstack_table',
  'clickstack_timeseries',
  'clickstack_trace_top_time_consuming_operations',
  'clickstack_trace_waterfall',
]);

/** What a tool unknown to us must not be about, even where unknown routes are let through. */
const TENANCY_WORDS = /source|connection|team/i;

/** MCP's code for a tool that there is not (its specification 2025-06-18, "Tools"): JSON-RPC's `Invalid params`. */
const INVALID_PARAMS = -32602;

/** A message's envelope and its `params`, and one level more for a batch. */
const JUDGED_DEPTH = 3;

interface RpcError {
  jsonrpc: '2.0';
  id: string | number | null;
  error: { code: number; message: string };
}

/** What is to be done with a body. */
export type McpVerdict =
  | { forward: true }
  /** JSON-RPC's own answer: one for each request of a batch. */
  | { forward: false; answer: RpcError | RpcError[]; tool: string };

/** The type as body-parser and MCP's SDK understand it alike; both read UTF-8. */
const JSON_TYPE = /^application\/json(?:[ \t]*;[ \t]*charset=(?:utf-8|"utf-8"))?$/i;

/** @throws TenancyError `unsupported_media_type` for what HyperDX may read otherwise than we do. */
function checkEncoding(headers: IncomingHttpHeaders): void {
  if (!JSON_TYPE.test(headers['content-type'] ?? '')) {
    throw new TenancyError(
      'unsupported_media_type',
      'Content-Type: send application/json, in UTF-8.',
    );
  }
  if ((headers['content-encoding'] ?? 'identity').toLowerCase() !== 'identity') {
    throw new TenancyError('unsupported_media_type', 'Content-Encoding: send the body as it is.');
  }
}

function invalid(fault: string): TenancyError {
  return new TenancyError('invalid_json', `body: ${fault}.`);
}

type Message = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Message {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @throws TenancyError `invalid_json`. */
function readMessages(body: Buffer): { messages: readonly Message[]; isBatch: boolean } {
  let text: string;
  let parsed: unknown;
  try {
    // A byte order mark stays: as JSON it is refused, here and by HyperDX.
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
    parsed = JSON.parse(text);
  } catch {
    throw invalid('is not JSON in UTF-8');
  }
  if (hasDisputedKeys(text, JUDGED_DEPTH)) throw invalid('says a key twice, or "__proto__"');
  const isBatch = Array.isArray(parsed);
  const messages: unknown[] = Array.isArray(parsed) ? parsed : [parsed];
  if (!messages.every(isObject)) throw invalid('is not a JSON-RPC message, or a batch of them');
  return { messages, isBatch };
}

function isAllowed(tool: unknown, allowUnknown: boolean): boolean {
  if (typeof tool !== 'string' || REFUSED_TOOLS.has(tool)) return false;
  return HARMLESS_TOOLS.has(tool) || (allowUnknown && !TENANCY_WORDS.test(tool));
}

/** The tool that a message calls, where it may not. */
function refusedTool({ method, params }: Message, allowUnknown: boolean): string | undefined {
  if (method !== undefined && typeof method !== 'string') throw invalid('"method" is no text');
  if (method !== 'tools/call') return undefined;
  const tool = isObject(params) ? params['name'] : undefined;
  if (isAllowed(tool, allowUnknown)) return undefined;
  // Anything else that a client sends stays out of logs and answers.
  return typeof tool === 'string' && REFUSED_TOOLS.has(tool) ? tool : 'unknown';
}

function refusal({ id }: Message, tool: string): RpcError {
  const reason =
    tool === 'unknown'
      ? 'this tool is not known to keep tenants apart'
      : `${tool} is refused: sources are changed in the UI, or by /api/v2/sources`;
  return {
    jsonrpc: '2.0',
    id: typeof id === 'string' || typeof id === 'number' ? id : null,
    error: { code: INVALID_PARAMS, message: `${reason}. Nothing of this request was done.` },
  };
}

/**
 * Judges what a client sends to HyperDX's MCP server. Only tools are called there that are known to keep tenants apart; one
 * call that is refused refuses all of its batch. What passes is forwarded byte for byte.
 * @param allowUnknown whether tools that no HyperDX of this version has are let through, unless their names speak of
 * what belongs to tenancy.
 * @throws TenancyError `unsupported_media_type`, `invalid_json` for what HyperDX might read otherwise.
 */
export function judgeMcp(
  headers: IncomingHttpHeaders,
  body: Buffer,
  allowUnknown: boolean,
): McpVerdict {
  checkEncoding(headers);
  const { messages, isBatch } = readMessages(body);
  const tools = messages.map((message) => refusedTool(message, allowUnknown));
  const tool = tools.find((name) => name !== undefined);
  if (tool === undefined) return { forward: true };
  const answers = messages
    .filter(({ id }) => id !== undefined)
    .map((message) => refusal(message, tool));
  const [first] = answers;
  return { forward: false, answer: isBatch || !first ? answers : first, tool };
}
