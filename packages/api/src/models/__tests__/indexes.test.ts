import { mongo } from 'mongoose';
import type { IndexOptions } from 'mongoose';

import { createLogger } from '../../utils/logger';
import { buildIndexes } from '../indexes';
import type { IndexedModel } from '../indexes';

const notImplemented = new mongo.MongoServerError({ code: 238, message: 'not implemented' });

function model(options: IndexOptions, error?: Error): { built: unknown[]; model: IndexedModel } {
  const built: unknown[] = [];
  return {
    built,
    model: {
      modelName: 'Thing',
      schema: { indexes: () => [[{ field: 1 }, options]] },
      collection: {
        createIndex: (fields) => {
          if (error) return Promise.reject(error);
          built.push(fields);
          return Promise.resolve('name');
        },
      },
    },
  };
}

const log = createLogger('silent');

describe('buildIndexes', () => {
  it('builds what a schema states', async () => {
    const thing = model({ unique: true });
    await buildIndexes(log, [thing.model]);
    expect(thing.built).toEqual([{ field: 1 }]);
  });

  it('goes on without a TTL index on a server that has none', async () => {
    await expect(
      buildIndexes(log, [model({ expireAfterSeconds: 1 }, notImplemented).model]),
    ).resolves.toBeUndefined();
  });

  it('does not go on without a unique index', async () => {
    await expect(buildIndexes(log, [model({ unique: true }, notImplemented).model])).rejects.toBe(
      notImplemented,
    );
  });

  it('does not take another fault for a missing feature', async () => {
    const denied = new mongo.MongoServerError({ code: 13, message: 'not authorized' });
    await expect(buildIndexes(log, [model({ expireAfterSeconds: 1 }, denied).model])).rejects.toBe(
      denied,
    );
  });
});
