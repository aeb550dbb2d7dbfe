/**
 * The URL of a ClickHouse HTTP interface, as somebody typed it; `undefined` where it is none: another scheme, credentials
 * in it (they would end up in logs), a query or a fragment (every request brings its own).
 */
export function parseConnectionUrl(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (!/^https?:$/.test(url.protocol)) return undefined;
  if (url.username !== '' || url.password !== '') return undefined;
  if (url.search !== '' || url.hash !== '' || url.hostname === '') return undefined;
  return url;
}
