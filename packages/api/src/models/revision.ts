import mongoose, { Schema } from 'mongoose';

/** What a change was about; in its slot until a later one takes the place. */
export interface RevisionNote {
  /** The number of the change. */
  revision: number;
  /** Ids of the documents that changed, by kind. */
  changed: Record<string, string[]>;
}

/**
 * One document a topic, its number raised with every change: processes poll it instead of what it
 * stands for, so that a change reaches all of them at the cost of one small read. The latest changes say what they
 * are about, written at once with their number: one document, since there is no other transaction on every server.
 */
export interface IRevision {
  _id: string;
  revision: number;
  /** By slot. A change without a note in its slot may be about anything. */
  notes?: Record<string, RevisionNote>;
}

const RevisionSchema = new Schema<IRevision>(
  {
    _id: { type: String, required: true },
    revision: { type: Number, required: true },
    notes: { type: Schema.Types.Mixed, required: false },
  },
  { collection: 'tenancyrevisions' },
);

export default mongoose.model<IRevision>('Revision', RevisionSchema);
