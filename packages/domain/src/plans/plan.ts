import { z } from 'zod';

import { SettingsOverride } from './settings';

/** Plans are named in a file, in requests and on the command line. */
export const PlanName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be 1 to 63 of the characters a-z 0-9 -');

/** A named set of limits, retention and partitioning. */
export const Plan = z.strictObject({
  name: PlanName,
  /** For people: what it is for. */
  description: z.string().max(500).optional(),
  settings: SettingsOverride.default({}),
});
export type Plan = z.infer<typeof Plan>;

/** All plans of an install: what the plans file holds. */
export const Plans = z
  .strictObject({
    plans: z.array(Plan).max(1_000),
    /** The plan of a tenant that is made without one; without it such a tenant has no plan. */
    default: PlanName.optional(),
  })
  .check(({ value, issues }) => {
    const names = value.plans.map(({ name }) => name);
    names.forEach((name, index) => {
      if (names.indexOf(name) === index) return;
      issues.push({
        code: 'custom',
        input: name,
        path: ['plans', index, 'name'],
        message: 'is the name of another plan as well',
      });
    });
    if (value.default !== undefined && !names.includes(value.default)) {
      issues.push({
        code: 'custom',
        input: value.default,
        path: ['default'],
        message: 'is none of the plans',
      });
    }
  });
export type Plans = z.infer<typeof Plans>;
