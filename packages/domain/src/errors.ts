/**
 * Every error code the product answers with, its HTTP status, and what the reader can do about it.
 * A code never changes its meaning; one that is no longer used stays here, so that it is not used again.
 * `docs/errors.md` is compared with this table by a test.
 */
export const errorCodes = {
  invalid_request: {
    status: 400,
    help: 'A field is missing, unknown, or of the wrong form; the message names it.',
  },
  ambiguous_path: {
    status: 400,
    help: 'Servers would read this path differently; the message says what is wrong with it.',
  },
  invalid_json: { status: 400, help: 'The body is not JSON, or not a JSON object.' },
  invalid_tenant_id: { status: 400, help: 'Tenant ids are 24 lower-case hexadecimal digits.' },
  invalid_table_name: { status: 400, help: 'Table names are plain identifiers.' },
  invalid_ingestion_key: {
    status: 400,
    help: 'Ingestion keys are 8 to 128 of the characters A-Z a-z 0-9 . _ ~ + / $ -',
  },
  invalid_opamp_message: { status: 400, help: 'The body is not an OpAMP AgentToServer message.' },
  target_unknown: {
    status: 400,
    help: 'There is no such target; GET /tenancy/v1/targets lists them.',
  },
  plan_unknown: {
    status: 400,
    help: 'The plans file has no such plan; GET /tenancy/v1/plans lists those it has.',
  },
  unauthorized: { status: 401, help: 'Send a valid token in the Authorization header.' },
  forbidden: { status: 403, help: 'You are known, but may not do this.' },
  token_revoked: {
    status: 403,
    help: 'The collector token was revoked or has expired; give the collector another.',
  },
  foreign_table: { status: 403, help: 'The table belongs to another tenant.' },
  query_refused: {
    status: 403,
    help: 'The statement does something that tenants may not; the message says what.',
  },
  not_found: { status: 404, help: 'There is no such route or object.' },
  tenant_not_found: { status: 404, help: 'There is no tenant with this id.' },
  method_not_allowed: { status: 405, help: 'The route does not take this method.' },
  tenant_exists: {
    status: 409,
    help: 'An active tenant has this name; choose another name or use that tenant.',
  },
  ingestion_key_taken: {
    status: 409,
    help: 'Another team has this ingestion key; choose another.',
  },
  operation_running: {
    status: 409,
    help: 'Something else works on this tenant; try again when it is done.',
  },
  limit_reached: {
    status: 409,
    help: 'There are as many of these as there may be; remove some first.',
  },
  group_exists: {
    status: 409,
    help: 'There is a collector group of this name; choose another, or change that one.',
  },
  group_in_use: {
    status: 409,
    help: 'Collector tokens open what would be gone; revoke them first.',
  },
  token_not_active: {
    status: 409,
    help: 'The collector token was replaced, has expired or was revoked; make another.',
  },
  agent_connected: {
    status: 409,
    help: 'The agent would be back with its next message; stop it, or revoke its token, first.',
  },
  request_changed: {
    status: 409,
    help: 'The unfinished tenant of this name was asked for with other values.',
  },
  collectors_behind: {
    status: 409,
    help: 'Collectors have not applied a new config yet; it is waited for, or not with "force".',
  },
  tenant_not_active: {
    status: 409,
    help: 'Only an active or suspended tenant can be changed; wait, or try it again.',
  },
  target_full: {
    status: 409,
    help: 'The target has no room for another tenant; raise its capacity, or choose another.',
  },
  not_supported: { status: 409, help: 'This ClickHouse cannot do it; the message says why.' },
  secret_unknown: {
    status: 409,
    help: "The tenant's passwords come from a secret that is not configured; the message says what to do.",
  },
  precondition_failed: {
    status: 412,
    help: 'It has changed since it was read; read it again, and send its new ETag.',
  },
  last_admin: {
    status: 409,
    help: 'Nobody could manage operators any more; make another admin first, or set TENANCY_ADMIN_TOKEN.',
  },
  payload_too_large: { status: 413, help: 'The body is larger than this route takes.' },
  unsupported_media_type: { status: 415, help: 'The body is of a type this route does not take.' },
  idempotency_key_reused: {
    status: 422,
    help: 'This Idempotency-Key came with another request before; use a new key for a new request.',
  },
  too_many_attempts: {
    status: 429,
    help: 'Too many logins from this address failed; try again after the time that Retry-After states.',
  },
  too_many_queries: {
    status: 429,
    help: 'The tenant has as many queries as its plan allows; try again after the time that Retry-After states.',
  },
  too_many_requests: {
    status: 429,
    help: 'More requests than this route takes in a minute; try again after the time that Retry-After states.',
  },
  too_many_agents: {
    status: 429,
    help: 'TENANCY_OPAMP_MAX_AGENTS, or that of one token, are here already; raise it, or add a process.',
  },
  invalid_templates: {
    status: 500,
    help: "The site's own columns or indexes cannot be used; the message quotes ClickHouse.",
  },
  internal: {
    status: 500,
    help: 'A fault of the server; its log holds the details under the request id.',
  },
  overloaded: {
    status: 503,
    help: 'The server is busy; try again after the time that Retry-After states.',
  },
  hyperdx_not_configured: {
    status: 501,
    help: "HyperDX's own API serves this route; set HYPERDX_API_URL.",
  },
  hyperdx_unavailable: {
    status: 502,
    help: "HyperDX's own API cannot be reached, or broke off; see whether it runs.",
  },
  hyperdx_timeout: { status: 504, help: "HyperDX's own API did not answer in time." },
  connection_failed: {
    status: 502,
    help: 'The server of this connection could not be asked; check its host, user and password.',
  },
  clickhouse_rejected: {
    status: 502,
    help: 'ClickHouse refused a statement; the log of the API holds its code.',
  },
  clickhouse_unavailable: {
    status: 503,
    help: 'ClickHouse did not answer; try again when it does.',
  },
  audit_unavailable: {
    status: 503,
    help: 'The audit event could not be written, so nothing was changed; try again.',
  },
  mongo_unavailable: { status: 503, help: 'MongoDB did not answer; try again when it does.' },
} as const satisfies Record<string, { status: number; help: string }>;

export type ErrorCode = keyof typeof errorCodes;

/** How long to leave a server alone that cannot serve now. */
const UNAVAILABLE_RETRY_SECONDS = 5;

/** The one error the product throws on purpose: a code of {@link errorCodes} and a message for the caller. */
export class TenancyError extends Error {
  override readonly name = 'TenancyError';
  readonly code: ErrorCode;

  /** When it is worth trying again, in seconds: the answer's `Retry-After`. */
  readonly retryAfterSeconds: number | undefined;

  /** @param message for the caller: names the field and the way out, never a secret or another tenant. */
  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; retryAfterSeconds?: number } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.retryAfterSeconds =
      options.retryAfterSeconds ?? (this.status === 503 ? UNAVAILABLE_RETRY_SECONDS : undefined);
  }

  /** The HTTP status of its code. */
  get status(): number {
    return errorCodes[this.code].status;
  }
}
