import { TenancyError } from '@hyperdx-tenancy/domain/errors';

/** What becomes of a parameter that ClickHouse's HTTP interface reads itself; every other one is a setting. */
type Fate = 'statement' | 'login' | 'passed' | 'replaced' | 'dropped' | 'refused';

interface Rule {
  fate: Fate;
  /** Which values pass; any where it is left out. */
  form?: RegExp;
  why: string;
}

const flag = /^(0|1|true|false)?$/i;

/** By name. Source: ClickHouse's HTTPHandler, `reserved_param_names`, and the settings that steer the answer's form. */
export const interfaceParameters: Readonly<Record<string, Rule>> = {
  query: { fate: 'statement', why: 'the statement, or its first part' },
  user: { fate: 'login', why: 'whose query it is; never handed on' },
  password: { fate: 'login', why: 'of the user; never handed on' },
  database: { fate: 'replaced', why: "only the tenant's own; statements run with an empty one" },
  query_id: {
    fate: 'replaced',
    form: /^[\x20-\x7e]{0,256}$/,
    why: "prefixed, so that tenants' ids never meet",
  },
  default_format: { fate: 'passed', form: /^[A-Za-z0-9_]{0,64}$/, why: 'of the answer' },
  wait_end_of_query: { fate: 'passed', form: flag, why: 'HyperDX sends 0, clients 1' },
  buffer_size: { fate: 'passed', form: /^\d{0,7}$/, why: 'up to 10 MB of the server’s memory' },
  enable_http_compression: { fate: 'passed', form: flag, why: 'the answer streams as it comes' },
  client_protocol_version: { fate: 'passed', form: /^\d{0,6}$/, why: 'of Native answers' },
  compress: { fate: 'refused', form: /^(1|true)$/i, why: 'use enable_http_compression' },
  decompress: { fate: 'refused', form: /^(1|true)$/i, why: 'use Content-Encoding' },
  quota_key: { fate: 'dropped', why: 'usage is counted for the tenant' },
  stacktrace: { fate: 'dropped', why: "shows the server's inside" },
  readonly: { fate: 'dropped', why: 'HyperDX sends 1 and 2; set by us' },
  role: { fate: 'refused', why: 'rights come with the login' },
  profile: { fate: 'refused', why: 'settings come with the login' },
  session_id: { fate: 'refused', why: 'there are no sessions' },
  session_timeout: { fate: 'refused', why: 'there are no sessions' },
  session_check: { fate: 'refused', why: 'there are no sessions' },
  close_session: { fate: 'refused', why: 'there are no sessions' },
};

const VALUE_PREFIX = 'param_';

/** A request's parameters, told apart. */
export interface Parameters {
  /** Names of {@link interfaceParameters} that are neither dropped nor refused. */
  interface: Map<string, string>;
  /** Values of the query, without their `param_`. */
  values: Map<string, string>;
  /** Nobody has looked at these yet. */
  settings: Map<string, string>;
}

/** HyperDX's proxy adds who asks, as a setting of its own making: `<prefix>_user=<email>`. */
function saysWhoAsks(name: string, value: string): boolean {
  return name.endsWith('_user') && value.includes('@');
}

function place(
  parameters: Parameters,
  name: string,
  value: string,
): Map<string, string> | undefined {
  if (name.startsWith(VALUE_PREFIX)) return parameters.values;
  if (!Object.hasOwn(interfaceParameters, name)) {
    return saysWhoAsks(name, value) ? undefined : parameters.settings;
  }
  const { fate, form, why } = interfaceParameters[name] ?? { fate: 'refused', why: '' };
  if (fate === 'dropped') return undefined;
  if (fate === 'refused') {
    // Switched off is as good as left out.
    if (form && !form.test(value)) return undefined;
    throw new TenancyError('invalid_request', `${name}: cannot be used here: ${why}.`);
  }
  if (form && !form.test(value)) {
    throw new TenancyError('invalid_request', `${name}: has a value that cannot be used.`);
  }
  return parameters.interface;
}

/**
 * Tells parameters of URL and form apart, by an allow-list.
 * @throws TenancyError `invalid_request` for one that cannot be used, or is given twice.
 */
export function sortParameters(given: Iterable<readonly [string, string]>): Parameters {
  const parameters: Parameters = { interface: new Map(), values: new Map(), settings: new Map() };
  addParameters(parameters, given);
  return parameters;
}

/** Adds those of a form to those of the URL. @throws as {@link sortParameters}. */
export function addParameters(
  parameters: Parameters,
  given: Iterable<readonly [string, string]>,
): void {
  for (const [name, value] of given) {
    const into = place(parameters, name, value);
    if (!into) continue;
    const key = into === parameters.values ? name.slice(VALUE_PREFIX.length) : name;
    // Two readers might take one each.
    if (into.has(key)) throw new TenancyError('invalid_request', `${name}: is given twice.`);
    into.set(key, value);
  }
}
