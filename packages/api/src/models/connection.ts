import mongoose, { Schema } from 'mongoose';
import type { Types } from 'mongoose';

/** HyperDX's connection: how its API, and its UI through a proxy, reach ClickHouse. */
export interface IConnection {
  _id: Types.ObjectId;
  team: Types.ObjectId;
  name: string;
  /** ClickHouse HTTP URL. */
  host: string;
  username: string;
  password: string;
  /** Made by the platform: infrastructure-as-code tools leave it alone. */
  platformProvisioned?: boolean;
  /** HyperDX adds `<prefix>_user` to the settings of each query. */
  hyperdxSettingPrefix?: string;
  /** Its host speaks Prometheus' HTTP API instead. */
  isPrometheusEndpoint?: boolean;
  createdAt: Date;
  updatedAt: Date;
}

const ConnectionSchema = new Schema<IConnection>(
  {
    team: { type: Schema.Types.ObjectId, ref: 'Team', required: true },
    name: { type: String, required: true },
    host: { type: String, required: true },
    username: { type: String, required: true },
    password: { type: String, select: false, default: '' },
    platformProvisioned: Boolean,
    hyperdxSettingPrefix: String,
    isPrometheusEndpoint: Boolean,
  },
  { timestamps: true, strict: false },
);

ConnectionSchema.index({ team: 1, _id: 1 });

export default mongoose.model<IConnection>('Connection', ConnectionSchema);
