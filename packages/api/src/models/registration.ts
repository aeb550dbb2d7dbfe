import mongoose, { Schema } from 'mongoose';
import type { Types } from 'mongoose';

/** The making of the installation's first tenant and user: one document, so that of two at once one wins. */
export interface IRegistration {
  _id: 'first';
  /** The tenant's name: one that was begun is completed, whoever comes again. */
  name: string;
  /** Id of the user, chosen before anything refers to it. */
  user: Types.ObjectId;
  /** Until then somebody works on it. */
  until: Date;
  done: boolean;
}

const RegistrationSchema = new Schema<IRegistration>(
  {
    _id: { type: String, required: true },
    name: { type: String, required: true },
    user: { type: Schema.Types.ObjectId, required: true },
    until: { type: Date, required: true },
    done: { type: Boolean, default: false },
  },
  { collection: 'tenancyregistration' },
);

export default mongoose.model<IRegistration>('Registration', RegistrationSchema);
