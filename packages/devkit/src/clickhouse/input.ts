import { randomUUID } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { badArguments, ServerError, syntaxError, tooLarge } from './errors';
import { multipartFields } from './multipart';
import {
  parseInsert,
  parseStatement,
  refuseDataAfterSemicolon,
  type PlainStatement,
  type Statement,
} from './statement';

export type Insert = Extract<Statement, { kind: 'insert' }>;

/** A statement with, for an INSERT, the file that holds its data. */
export type Input = { statement: PlainStatement } | { statement: Insert; file: string };

export interface InputLimits {
  /** Bytes of a body after decompression, data of an INSERT included. */
  maxBodyBytes: number;
  /** Where data of INSERTs are kept until they are in their table. */
  tempDir: string;
}

/** A statement's head is looked for in this much of a body (ClickHouse's default `max_query_size`); the rest may be data. */
const headBytes = 262_144;

/** The body as it was before `Content-Encoding`. */
function decoded(request: IncomingMessage): Readable {
  const encoding = request.headers['content-encoding']?.trim().toLowerCase() ?? '';
  if (encoding === '' || encoding === 'identity') return request;
  const make = { gzip: createGunzip, deflate: createInflate, br: createBrotliDecompress }[encoding];
  if (!make) {
    throw new ServerError(
      89,
      'UNKNOWN_COMPRESSION_METHOD',
      `Unknown compression method: ${encoding}`,
    );
  }
  // Not `pipeline`: it would destroy the request of a damaged body, and with it the connection for the answer.
  const decoder = make();
  // A body may turn out damaged before anyone reads of it; who does later is told all the same.
  decoder.on('error', () => undefined);
  request.on('error', (error) => decoder.destroy(error));
  request.on('aborted', () => decoder.destroy(new Error('the body was cut off')));
  return request.pipe(decoder);
}

/** The chunks of a body, cut off with an error past `limit` bytes. */
async function* limited(source: Readable, limit: number): AsyncGenerator<Buffer> {
  let size = 0;
  try {
    // Leaving the loop must not destroy the request either.
    const chunks: AsyncIterable<Buffer> = source.iterator({ destroyOnReturn: false });
    for await (const chunk of chunks) {
      size += chunk.length;
      if (size > limit) throw tooLarge(`The request body is larger than ${limit} bytes`);
      yield chunk;
    }
  } catch (cause) {
    if (cause instanceof ServerError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ServerError(117, 'INCORRECT_DATA', `Cannot read the request body: ${reason}`, {
      cause,
    });
  }
}

async function collect(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

async function toFile(
  limits: InputLimits,
  first: Buffer,
  rest: AsyncIterable<Buffer>,
): Promise<string> {
  const path = join(limits.tempDir, `insert-${randomUUID()}`);
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(first);
    for await (const chunk of rest) await file.writeFile(chunk);
    return path;
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

/** Removes the file of an INSERT. */
export async function discard(input: Input): Promise<void> {
  if ('file' in input) await rm(input.file, { force: true });
}

async function fromText(text: Buffer, limits: InputLimits): Promise<Input> {
  const insert = parseInsert(text, true);
  if (!insert) return { statement: parseStatement(text) };
  const data = text.subarray(insert.dataStart);
  if (/^values$/i.test(insert.format) && data.includes(';')) refuseDataAfterSemicolon(data);
  const nothing: AsyncIterable<Buffer> = { async *[Symbol.asyncIterator]() {} };
  return { statement: insert, file: await toFile(limits, data, nothing) };
}

/**
 * Reads the statement: the `query` parameter, a line end, then the body, as a server does. Data of an INSERT go to a file as
 * they come in, whatever their size.
 */
async function fromStream(
  query: string | undefined,
  chunks: AsyncGenerator<Buffer>,
  limits: InputLimits,
): Promise<Input> {
  let text = query ? Buffer.from(`${query}\n`) : Buffer.alloc(0);
  const pending: Buffer[] = [];
  let size = text.length;
  let insert = query ? parseInsert(text, false) : undefined;
  let tried = false;
  while (!insert) {
    const next = await chunks.next();
    if (next.done) break;
    pending.push(next.value);
    size += next.value.length;
    if (tried || size < headBytes) continue;
    tried = true;
    text = Buffer.concat([text, ...pending.splice(0)]);
    insert = parseInsert(text, false);
  }
  text = Buffer.concat([text, ...pending]);
  if (!insert) return fromText(text, limits);
  return { statement: insert, file: await toFile(limits, text.subarray(insert.dataStart), chunks) };
}

/**
 * Reads a request to its end. `query` is the URL's parameter of that name; multipart fields come in addition to the URL's
 * parameters, `query` among them.
 */
export async function readInput(
  request: IncomingMessage,
  query: string | undefined,
  limits: InputLimits,
): Promise<{ input: Input; fields: [string, string][] }> {
  const chunks = limited(decoded(request), limits.maxBodyBytes);
  const contentType = request.headers['content-type'] ?? '';
  if (!/^multipart\/form-data\b/i.test(contentType)) {
    return { input: await fromStream(query, chunks, limits), fields: [] };
  }
  const fields = multipartFields(await collect(chunks), contentType);
  const inForm = fields.find(([name]) => name === 'query')?.[1];
  if (inForm !== undefined && query)
    throw badArguments('The query is given twice: in the URL and in the form');
  const text = inForm ?? query;
  if (!text) throw syntaxError('Syntax error: failed at position 1 (end of query): . Empty query');
  return { input: await fromText(Buffer.from(text), limits), fields };
}
