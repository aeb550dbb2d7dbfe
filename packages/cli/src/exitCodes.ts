/**
 * What a script can tell from the exit code. They never change their meaning; `docs/cli.md` is compared
 * with this table by a test.
 */
export const exitCodes = {
  ok: { code: 0, help: 'Done.' },
  unexpected: {
    code: 1,
    help: 'A fault of this program or of the API, or an answer that is none of its; an error that doctor found, or a config that failed while it was waited for.',
  },
  usage: {
    code: 2,
    help: 'The arguments or a field are wrong, or --yes is missing; nothing was changed.',
  },
  notFound: { code: 3, help: 'What was named does not exist.' },
  conflict: {
    code: 4,
    help: 'It exists already, has changed since, or something else works on it.',
  },
  denied: { code: 5, help: 'The token is missing, wrong, or may not do this.' },
  unavailable: {
    code: 6,
    help: 'The API, or what it needs, cannot be reached, or it takes too long; try again.',
  },
} as const satisfies Record<string, { code: number; help: string }>;

export type ExitReason = keyof typeof exitCodes;

const byStatus: Readonly<Record<number, ExitReason>> = {
  400: 'usage',
  401: 'denied',
  403: 'denied',
  404: 'notFound',
  409: 'conflict',
  412: 'conflict',
  413: 'usage',
  415: 'usage',
  422: 'conflict',
  429: 'unavailable',
  503: 'unavailable',
  504: 'unavailable',
};

/**
 * The reason that stands for a refusal of the API. A fault that trying again will not mend, such as a statement that ClickHouse
 * rejects (502), is `unexpected`.
 */
export function reasonOfStatus(status: number): ExitReason {
  return byStatus[status] ?? 'unexpected';
}

/**
 * The reason for a refusal that is not in the API's words: what stands in between, or something else at that address,
 * knows nothing of tenants. Only that it is away for now can be believed.
 */
export function reasonOfForeignStatus(status: number): ExitReason {
  return [429, 502, 503, 504].includes(status) ? 'unavailable' : 'unexpected';
}

/** An error whose message is for the person at the terminal. */
export class CliError extends Error {
  override readonly name = 'CliError';

  constructor(
    readonly reason: ExitReason,
    message: string,
    /** The API's code, where the API refused. */
    readonly code: string = reason,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}
