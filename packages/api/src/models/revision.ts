import mongoose, { Schema } from 'mongoose';

/**
 * One document a topic, its number raised with every change: processes poll it instead of what it
 * stands for, so that a change reaches all of them at the cost of one small read.
 */
export interface IRevision {
  _id: string;
  revision: number;
}

const RevisionSchema = new Schema<IRevision>(
  { _id: { type: String, required: true }, revision: { type: Number, required: true } },
  { collection: 'tenancyrevisions' },
);

export default mongoose.model<IRevision>('Revision', RevisionSchema);
