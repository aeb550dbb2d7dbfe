import { randomBytes } from 'node:crypto';

import { TenancyError } from '@hyperdx-tenancy/domain/errors';

import { utf8 } from './utf8';

/** As for a URL. */
const MAX_FIELDS = 4_096;
/** Of the headers of one part: its name, and hardly anything else. */
const MAX_PART_HEADERS = 8_192;
const HEADERS_END = '\r\n\r\n';

const malformed = (why: string): TenancyError =>
  new TenancyError('invalid_request', `body: is no multipart form: ${why}.`);

function boundaryOf(contentType: string): string {
  const match = /;\s*boundary=(?:"([^"\r\n]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType);
  const boundary = match?.[1] ?? match?.[2];
  if (boundary === undefined) throw malformed('its type names no boundary');
  return boundary;
}

/** `%22`, `%0D` and `%0A` are how a browser writes the three characters that a quoted name cannot hold. */
function unescaped(name: string): string {
  return name.replace(/%(22|0D|0A)/gi, (_all, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

function nameOf(headers: string): string {
  const lines = headers.split('\r\n');
  const disposition = lines.find((line) => /^content-disposition:/i.test(line)) ?? '';
  const name = /^content-disposition:\s*form-data\s*;\s*name="([^"]*)"\s*(.*)$/i.exec(disposition);
  if (name?.[1] === undefined) throw malformed('a part without a name');
  if (/^;\s*filename/i.test(name[2] ?? '')) {
    throw new TenancyError('invalid_request', 'body: external tables (files) are not taken.');
  }
  if (name[2] !== '') throw malformed('a part of unknown disposition');
  if (lines.some((line) => /^content-transfer-encoding:/i.test(line))) {
    throw malformed('a part with a transfer encoding');
  }
  return unescaped(name[1]);
}

function field(part: Buffer): [string, string] {
  const end = part.subarray(0, MAX_PART_HEADERS).indexOf(HEADERS_END);
  if (end < 0) throw malformed('a part whose headers do not end');
  const name = nameOf(utf8(part.subarray(0, end), 'body'));
  return [name, utf8(part.subarray(end + HEADERS_END.length), `body: ${name}`)];
}

/**
 * The fields of a `multipart/form-data` body (RFC 7578) in their order, values byte for byte.
 * @throws TenancyError `invalid_request` for files, and what is no such body.
 */
export function multipartFields(body: Buffer, contentType: string): [string, string][] {
  const first = `--${boundaryOf(contentType)}`;
  const delimiter = `\r\n${first}`;
  if (body.indexOf(first) !== 0) throw malformed('it does not begin with its boundary');
  const fields: [string, string][] = [];
  let at = first.length;
  // After a boundary comes a line end and a part, or two dashes and the end.
  while (body.toString('latin1', at, at + 2) === '\r\n') {
    const end = body.indexOf(delimiter, at);
    if (end < 0) throw malformed('its last boundary is missing');
    if (fields.length === MAX_FIELDS) throw malformed(`more than ${MAX_FIELDS} parts`);
    fields.push(field(body.subarray(at + 2, end)));
    at = end + delimiter.length;
  }
  if (body.toString('latin1', at, at + 2) !== '--') throw malformed('its last boundary is missing');
  return fields;
}

/**
 * A body of these fields.
 * @param fields with names that are plain identifiers.
 */
export function multipartBody(fields: Iterable<readonly [string, string]>): {
  contentType: string;
  body: Buffer;
} {
  // 128 random bits: no value holds it by chance, nor can anybody aim at it.
  const boundary = randomBytes(16).toString('hex');
  const parts = Array.from(
    fields,
    ([name, value]) =>
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${HEADERS_END}${value}\r\n`,
  );
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    body: Buffer.from(`${parts.join('')}--${boundary}--\r\n`),
  };
}
