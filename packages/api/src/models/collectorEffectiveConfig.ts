import mongoose, { Schema } from 'mongoose';

/** What an agent says that it runs. Apart from the agents: it is large, and read for one agent at a time. */
export interface ICollectorEffectiveConfig {
  /** That of the agent. */
  _id: string;
  /** The text without secrets, gzip. */
  body: Buffer;
  /** Characters of the text. */
  size: number;
  at: Date;
  /** Remembered until then. */
  forgetAt: Date;
}

const CollectorEffectiveConfigSchema = new Schema<ICollectorEffectiveConfig>(
  {
    _id: { type: String, required: true },
    body: { type: Buffer, required: true },
    size: { type: Number, required: true },
    at: { type: Date, required: true },
    forgetAt: { type: Date, required: true },
  },
  { collection: 'collectoreffectiveconfigs' },
);

CollectorEffectiveConfigSchema.index({ forgetAt: 1 }, { expireAfterSeconds: 0 });

export default mongoose.model<ICollectorEffectiveConfig>(
  'CollectorEffectiveConfig',
  CollectorEffectiveConfigSchema,
);
