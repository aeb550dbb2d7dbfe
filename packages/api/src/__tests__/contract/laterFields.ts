import mongoose, { Types } from 'mongoose';

import type { Check } from './expect';
import type { Side } from './world';

/** Fields that only a later HyperDX knows, in a document that a route changes. */
export const LATER = { laterField: { deep: [1] } };
export const plant = (collection: string, id: string) =>
  mongoose.connection
    .collection(collection)
    .updateOne({ _id: new Types.ObjectId(id) }, { $set: LATER });
export const still =
  (collection: string, idOf: (side: Side) => string): Check =>
  async (_seen, side) => {
    const _id = new Types.ObjectId(idOf(side));
    expect(await mongoose.connection.collection(collection).findOne({ _id })).toMatchObject(LATER);
  };
