/** An exception as a ClickHouse server reports it. Codes: `SELECT errorCodeToName(n)` on ClickHouse 26.7. */
export class ServerError extends Error {
  constructor(
    readonly code: number,
    readonly type: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'ServerError';
  }
}

export const notImplemented = (message: string): ServerError =>
  new ServerError(48, 'NOT_IMPLEMENTED', message);
export const badArguments = (message: string): ServerError =>
  new ServerError(36, 'BAD_ARGUMENTS', message);
export const syntaxError = (message: string): ServerError =>
  new ServerError(62, 'SYNTAX_ERROR', message);
export const tooLarge = (message: string): ServerError =>
  new ServerError(229, 'QUERY_IS_TOO_LARGE', message);
export const tooMany = (message: string): ServerError =>
  new ServerError(202, 'TOO_MANY_SIMULTANEOUS_QUERIES', message);

/**
 * The engine's text: `Code: 60. DB::Exception: <message>. (UNKNOWN_TABLE)`, at times wrapped once more in the same
 * (`Code: 164. DB::Exception: Code: 164. DB::Exception: ... (READONLY) (version ...). (READONLY)`).
 */
const engineText = /Code: (\d+)\. DB::Exception: ([\s\S]*?)\s*\(([A-Z0-9_]+)\)\s*$/;
const innerPrefix = /^(?:Code: \d+\. DB::Exception: )+/;
const innerSuffix = /\s*\([A-Z0-9_]{3,}\)(?: \(version [^)]*(?:\([^)]*\))?\))?\.?$/;

/** Whatever was thrown, as a server's exception; what the engine did not say in its own form is code 1001 (STD_EXCEPTION). */
export function asServerError(cause: unknown): ServerError {
  if (cause instanceof ServerError) return cause;
  const text = cause instanceof Error ? cause.message : String(cause);
  const match = engineText.exec(text);
  if (!match?.[1] || match[2] === undefined || !match[3]) {
    return new ServerError(1001, 'STD_EXCEPTION', text, { cause });
  }
  const wrapped = innerPrefix.test(match[2]);
  const message = wrapped ? match[2].replace(innerPrefix, '').replace(innerSuffix, '') : match[2];
  return new ServerError(Number(match[1]), match[3], message, { cause });
}

/** The body of an answer that reports `error`. */
export function errorBody(error: ServerError, version: string): string {
  const message = error.message.replace(/\.$/, '');
  return `Code: ${error.code}. DB::Exception: ${message}. (${error.type}) (version ${version} (official build))\n`;
}

/** HTTP status by exception code, everything else is 500. Source: ClickHouse's exceptionCodeToHTTPStatus. */
const statusByCode = new Map<number, number>(
  Object.entries({
    400: [
      6, 8, 15, 25, 26, 27, 36, 37, 38, 41, 44, 53, 62, 72, 117, 123, 167, 168, 223, 321, 376, 427,
      441, 675, 676,
    ],
    401: [194],
    403: [192, 193, 497, 512, 516],
    404: [46, 47, 50, 56, 60, 63, 73, 78, 81, 115, 152, 336, 511],
    408: [159],
    411: [381],
    413: [229],
    415: [779],
    501: [48],
    503: [76, 209, 439],
  }).flatMap(([status, codes]) => codes.map((code) => [code, Number(status)] as const)),
);

export function statusOf(error: ServerError): number {
  return statusByCode.get(error.code) ?? 500;
}
