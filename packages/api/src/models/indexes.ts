import { mongo } from 'mongoose';
import type { IndexDefinition, IndexOptions } from 'mongoose';

import type { Logger } from '../utils/logger';
import { models } from './index';

/** MongoDB's code for a command or option that the server does not have. */
const NOT_IMPLEMENTED = 238;

/**
 * Only an index that ages documents out may be missing, because every query that reads such documents
 * tests their age too. A unique index may not: without it two teams could share a key.
 */
function isDispensable(options: IndexOptions): boolean {
  return options.expireAfterSeconds !== undefined;
}

/** What {@link buildIndexes} needs of a model. */
export interface IndexedModel {
  modelName: string;
  collection: { createIndex(fields: IndexDefinition, options: IndexOptions): Promise<unknown> };
  schema: { indexes(): [IndexDefinition, IndexOptions][] };
}

/**
 * Builds the indexes of all models. Idempotent. On a server without TTL indexes (FerretDB 1) it goes on
 * without those and says so in the log.
 * @throws the driver's error where any other index cannot be built, such as a unique one over
 *   documents that hold duplicates.
 */
export async function buildIndexes(
  log: Logger,
  of: readonly IndexedModel[] = models as unknown as readonly IndexedModel[],
): Promise<void> {
  for (const model of of) {
    for (const [fields, options] of model.schema.indexes()) {
      try {
        await model.collection.createIndex(fields, options);
      } catch (error) {
        const unsupported =
          error instanceof mongo.MongoServerError && error.code === NOT_IMPLEMENTED;
        if (!unsupported || !isDispensable(options)) throw error;
        log.warn(
          { model: model.modelName, fields },
          'this MongoDB server has no TTL indexes: expired documents stay on disk, and are ignored',
        );
      }
    }
  }
}
