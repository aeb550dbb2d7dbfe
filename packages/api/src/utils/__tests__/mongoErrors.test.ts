import mongoose, { mongo } from 'mongoose';

import { isDuplicateKey, isMongoUnavailable } from '../mongoErrors';

const duplicate = (more: object): Error =>
  new mongo.MongoServerError({
    code: 11_000,
    message: 'E11000 duplicate key error collection: db.teams',
    ...more,
  });

describe('isDuplicateKey', () => {
  it.each([
    ['of that field', duplicate({ keyPattern: { apiKey: 1 } }), true],
    ['of another field', duplicate({ keyPattern: { nameKey: 1 } }), false],
    ['from a server that does not say of which', duplicate({}), true],
    ['another fault of the server', new mongo.MongoServerError({ code: 13 }), false],
    ['another error', new Error('E11000'), false],
  ])('%s', (_what, error, expected) => expect(isDuplicateKey(error, 'apiKey')).toBe(expected));
});

describe('isMongoUnavailable', () => {
  it.each([
    ['no server', new mongoose.Error.MongooseServerSelectionError('none'), true],
    ['a lost connection', new mongo.MongoNetworkError('reset'), true],
    [
      'mongoose waiting in vain',
      new mongoose.Error('Operation `x` buffering timed out after 10000ms'),
      true,
    ],
    [
      'a socket closed under a write',
      Object.assign(new Error('ended by the other party'), { code: 'EPIPE' }),
      true,
    ],
    ['a missing file', Object.assign(new Error('no'), { code: 'ENOENT' }), false],
    ['an answer of the server', duplicate({}), false],
  ])('%s', (_what, error, expected) => expect(isMongoUnavailable(error)).toBe(expected));
});
