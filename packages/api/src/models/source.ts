import mongoose, { Schema } from 'mongoose';
import type { Types } from 'mongoose';

/**
 * HyperDX's source. Its many fields by kind are checked by the domain's schemas before they come
 * here, and a field that only a newer HyperDX knows is stored as it came: hence `strict: false`.
 */
export interface ISource {
  _id: Types.ObjectId;
  team: Types.ObjectId;
  connection: Types.ObjectId;
  kind: string;
  name: string;
  createdAt: Date;
  updatedAt: Date;
  [field: string]: unknown;
}

const SourceSchema = new Schema<ISource>(
  {
    team: { type: Schema.Types.ObjectId, ref: 'Team', required: true },
    connection: { type: Schema.Types.ObjectId, ref: 'Connection', required: true },
    kind: { type: String, required: true },
    name: { type: String, required: true },
  },
  // `minimize` would drop an empty object that HyperDX wrote on purpose.
  { timestamps: true, strict: false, minimize: false },
);

SourceSchema.index({ team: 1, _id: 1 });

export default mongoose.model<ISource>('Source', SourceSchema);
