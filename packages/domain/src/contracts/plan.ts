import { z } from 'zod';

import { PlanName, SettingsOverride } from '../plans';

export const PlanView = z.object({
  name: PlanName,
  description: z.string().nullable(),
  /** Tenants that are made without a plan get it. */
  default: z.boolean(),
  settings: SettingsOverride,
  /** Tenants that name it, whatever their status. */
  tenants: z.int(),
});
export type PlanView = z.infer<typeof PlanView>;

export const PlanList = z.object({ data: z.array(PlanView) });
export type PlanList = z.infer<typeof PlanList>;
