import mongoose, { Schema } from 'mongoose';

/** What is known of a collector's agent in all processes: enough to tell who has not applied a config yet. */
export interface ICollectorAgent {
  /** Group and instance UID: an agent that comes with another token is another one. */
  _id: string;
  /** Name of its group. */
  group: string;
  /** The agent runs a config built from this revision, or from an older one that is the same. */
  revision: number;
  seenAt: Date;
}

/** Nobody waits for an agent that was silent for so long; the server forgets it by itself. */
const FORGET_SECONDS = 24 * 3_600;

const CollectorAgentSchema = new Schema<ICollectorAgent>(
  {
    _id: { type: String, required: true },
    group: { type: String, required: true },
    revision: { type: Number, required: true },
    seenAt: { type: Date, required: true },
  },
  { collection: 'collectoragents' },
);

CollectorAgentSchema.index({ group: 1, seenAt: 1 });
CollectorAgentSchema.index({ seenAt: 1 }, { expireAfterSeconds: FORGET_SECONDS });

export default mongoose.model<ICollectorAgent>('CollectorAgent', CollectorAgentSchema);
