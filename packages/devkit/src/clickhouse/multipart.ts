import { notImplemented, ServerError } from './errors';

const malformed = (reason: string): ServerError =>
  new ServerError(117, 'INCORRECT_DATA', `Cannot parse the multipart body: ${reason}`);

function boundaryOf(contentType: string): string {
  const match = /;\s*boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(contentType);
  const boundary = match?.[1] ?? match?.[2];
  if (boundary === undefined) throw malformed('no boundary');
  return boundary;
}

/** One part without its boundary lines: headers, an empty line, the value. */
function field(part: Buffer): [string, string] {
  const end = part.indexOf('\r\n\r\n');
  if (end < 0) throw malformed('a part without an end of its headers');
  const headers = part.toString('utf8', 0, end);
  const name = /^content-disposition:[^\r\n]*;\s*name="([^"\r\n]*)"/im.exec(headers)?.[1];
  if (name === undefined) throw malformed('a part without a name');
  if (/^content-disposition:[^\r\n]*;\s*filename\*?=/im.test(headers)) {
    // A file would be one of ClickHouse's external tables, which the embedded engine lacks.
    throw notImplemented(`External table ${name} in a request body`);
  }
  return [name, part.toString('utf8', end + 4)];
}

/**
 * The fields of a `multipart/form-data` body, in their order.
 *
 * @throws ServerError for a malformed body, and for files.
 */
export function multipartFields(body: Buffer, contentType: string): [string, string][] {
  const boundary = boundaryOf(contentType);
  const first = `--${boundary}`;
  const delimiter = `\r\n${first}`;
  if (!body.subarray(0, first.length).equals(Buffer.from(first)))
    throw malformed('no first boundary');
  const fields: [string, string][] = [];
  let start = first.length;
  // After a boundary comes a line end and a part, or two dashes and the end.
  while (body.toString('latin1', start, start + 2) !== '--') {
    const from = body.indexOf('\r\n', start);
    const end = from < 0 ? -1 : body.indexOf(delimiter, from);
    if (end < 0) throw malformed('no last boundary');
    fields.push(field(body.subarray(from + 2, end)));
    start = end + delimiter.length;
  }
  return fields;
}
