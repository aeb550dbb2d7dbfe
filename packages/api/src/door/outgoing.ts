import { multipartBody } from './multipart';

/** What is sent to ClickHouse. */
export interface Outgoing {
  /** Of the URL, with its `?`. */
  query: string;
  contentType: string;
  body: string | Buffer;
}

/** HyperDX's own threshold: past it values travel in a form, since URLs have limits on their way. */
const MAX_URL_VALUES = 4_096;

/** Parameters by name, as they stand in a URL: `name=value`, percent-encoded. */
export type EncodedPairs = ReadonlyMap<string, string>;

export function encodedPair(name: string, value: string): string {
  return `${encodeURIComponent(name)}=${encodeURIComponent(value)}`;
}

export function encodedPairs(entries: Iterable<readonly [string, string]>): EncodedPairs {
  return new Map(Array.from(entries, ([name, value]) => [name, encodedPair(name, value)]));
}

function lengthOf(values: ReadonlyMap<string, string>): number {
  let length = 0;
  for (const [name, value] of values) length += name.length + value.length;
  return length;
}

/**
 * A request to ClickHouse's HTTP interface.
 * @param parameters of the interface, and settings.
 * @param values of the statement's query parameters, whose names are plain.
 */
export function outgoing(
  text: string,
  parameters: EncodedPairs,
  values: ReadonlyMap<string, string>,
): Outgoing {
  const inUrl = `?${[...parameters.values()].join('&')}`;
  const named = Array.from(values, ([name, value]) => [`param_${name}`, value] as const);
  // What is long already only grows by encoding.
  if (lengthOf(values) <= MAX_URL_VALUES) {
    const rest = named.map(([name, value]) => `&${encodedPair(name, value)}`).join('');
    if (rest.length <= MAX_URL_VALUES) {
      return { query: inUrl + rest, contentType: 'text/plain; charset=UTF-8', body: text };
    }
  }
  return { query: inUrl, ...multipartBody([['query', text], ...named]) };
}
