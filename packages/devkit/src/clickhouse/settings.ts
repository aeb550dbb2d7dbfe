/** URL parameters that the HTTP interface itself reads; all others are settings. Source: ClickHouse's HTTPHandler. */
const interfaceParameters = new Set([
  'query',
  'database',
  'default_format',
  'user',
  'password',
  'quota_key',
  'query_id',
  'stacktrace',
  'role',
  'compress',
  'decompress',
  'buffer_size',
  'wait_end_of_query',
  'session_id',
  'session_timeout',
  'session_check',
  'client_protocol_version',
  'close_session',
]);

const parameterPrefix = 'param_';

export interface SplitParameters {
  /** Read by the front. */
  http: Map<string, string>;
  /** Query parameters, without their `param_`; values are in ClickHouse's Escaped form. */
  query: Map<string, string>;
  /** Settings for this one query. */
  settings: Map<string, string>;
}

/** Sorts URL parameters and multipart fields into what the interface reads, query parameters and settings. */
export function splitParameters(parameters: Iterable<readonly [string, string]>): SplitParameters {
  const split: SplitParameters = { http: new Map(), query: new Map(), settings: new Map() };
  for (const [name, value] of parameters) {
    if (name.startsWith(parameterPrefix))
      split.query.set(name.slice(parameterPrefix.length), value);
    else if (interfaceParameters.has(name)) split.http.set(name, value);
    else split.settings.set(name, value);
  }
  return split;
}

/** A string literal. */
export function literal(value: string): string {
  return `'${value.replace(/\\/g, '\\\\').replace(/'/g, "\\'").replace(/\0/g, '\\0')}'`;
}

/** A quoted name. */
export function identifier(name: string): string {
  return `\`${name.replace(/\\/g, '\\\\').replace(/`/g, '\\`')}\``;
}

/**
 * The `SET` statements that give one connection the settings and parameters of its query. `readonly` comes last, since it
 * forbids changes after it.
 */
export function setStatements(split: SplitParameters): string[] {
  const assignments: string[] = [];
  for (const [name, value] of split.query) {
    assignments.push(`${identifier(`param_${name}`)} = ${literal(value)}`);
  }
  for (const [name, value] of split.settings) {
    if (name !== 'readonly') assignments.push(`${identifier(name)} = ${literal(value)}`);
  }
  const statements = assignments.length > 0 ? [`SET ${assignments.join(', ')}`] : [];
  const readonly = split.settings.get('readonly');
  return readonly === undefined
    ? statements
    : [...statements, `SET readonly = ${literal(readonly)}`];
}
