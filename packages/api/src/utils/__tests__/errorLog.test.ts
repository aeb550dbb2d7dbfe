import { ClickHouseError } from '@clickhouse/client';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import mongoose, { mongo } from 'mongoose';

import { serializeError } from '../errorLog';

const SECRET = 'hunter2-hunter2';

/** What a line of the log would say. */
const written = (error: unknown): string => JSON.stringify(serializeError(error));

async function rejection(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('serializeError', () => {
  it('keeps class, code, message and frames of an error of ours, and those of its cause', () => {
    const cause = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), {
      code: 'ECONNREFUSED',
    });
    const error = new TenancyError('clickhouse_unavailable', 'ClickHouse cannot be reached.', {
      cause,
    });
    const line = serializeError(error);
    expect(line).toMatchObject({
      type: 'TenancyError',
      code: 'clickhouse_unavailable',
      message: 'ClickHouse cannot be reached.',
      stack: expect.stringMatching(/^ {4}at .*errorLog\.test\.ts/) as string,
      cause: { type: 'Error', code: 'ECONNREFUSED', message: 'connect ECONNREFUSED 127.0.0.1:1' },
    });
    expect(Object.keys(line)).toEqual(['type', 'code', 'message', 'stack', 'cause']);
  });

  it("says which of ClickHouse's errors it was, without the text that quotes the statement", () => {
    const error = new ClickHouseError({
      message: `Syntax error: failed at position 3: CREATE USER x IDENTIFIED BY '${SECRET}'\n    at ${SECRET} (x:1:1)`,
      code: '62',
      type: 'SYNTAX_ERROR',
    });
    const wrapped = new TenancyError('clickhouse_rejected', 'Refused.', { cause: error });
    expect(serializeError(wrapped).cause).toMatchObject({
      type: 'ClickHouseError',
      code: '62 SYNTAX_ERROR',
    });
    expect(written(wrapped)).not.toContain(SECRET);
    expect(written(wrapped)).not.toContain('CREATE USER');
  });

  it.each([
    [
      'a duplicate key',
      new mongo.MongoServerError({
        message: `E11000 duplicate key error { apiKey: "${SECRET}" }`,
        code: 11_000,
        codeName: 'DuplicateKey',
        keyValue: { apiKey: SECRET },
      }),
      { type: 'MongoServerError', code: '11000 DuplicateKey' },
    ],
    [
      'a document that does not fit',
      new mongoose.Error.CastError('ObjectId', SECRET, '_id'),
      { type: 'CastError' },
    ],
    [
      'a connection string that cannot be read',
      new mongo.MongoParseError(`Invalid connection string "mongodb://u:${SECRET}@h"`),
      { type: 'MongoParseError' },
    ],
    [
      'a document that is not there',
      new mongoose.Error.DocumentNotFoundError(`{ apiKey: "${SECRET}" }`),
      { type: 'DocumentNotFoundError' },
    ],
    [
      'a network error that quotes one',
      new mongo.MongoNetworkError(`connection to mongodb+srv://user:${SECRET}@host/db closed`),
      { type: 'MongoNetworkError', message: 'connection to mongodb+srv://***@host/db closed' },
    ],
  ])('cuts what drivers quote: %s', (_what, error, expected) => {
    expect(serializeError(error)).toMatchObject(expected);
    expect(written(error)).not.toContain(SECRET);
  });

  it('cuts what Node and parsers quote', async () => {
    const errors = [
      await rejection(
        Promise.resolve().then(() => JSON.parse(`{"password": ${SECRET}}`) as unknown),
      ),
      await rejection(fetch(`http://u:${SECRET}@127.0.0.1:1/`)),
      await rejection(Promise.resolve().then(() => new URL(`http://u:${SECRET}@[`))),
      Object.assign(new Error('bad'), { headers: { authorization: SECRET }, body: SECRET }),
      new Error(`Authorization: Bearer ${SECRET} refused, POST /t/${SECRET}/v1/opamp`),
      new AggregateError([new Error(SECRET)], 'all failed'),
    ];
    for (const error of errors) {
      expect(error).toBeDefined();
      expect(written(error)).not.toContain(SECRET);
    }
  });

  it('takes what was thrown for what it is', () => {
    expect(serializeError(SECRET)).toEqual({ type: 'string' });
    expect(serializeError(undefined)).toEqual({ type: 'undefined' });
    expect(serializeError({ password: SECRET })).toEqual({ type: 'object' });
    const timeout = new DOMException('The operation was aborted due to timeout', 'TimeoutError');
    expect(serializeError(timeout)).toMatchObject({
      type: 'DOMException',
      message: 'The operation was aborted due to timeout',
    });
  });

  it('has a bound, in depth and in length', () => {
    const loop = new Error('x'.repeat(1e6));
    loop.cause = loop;
    expect(written(loop).length).toBeLessThan(20_000);
  });
});
