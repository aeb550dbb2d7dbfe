import { z } from 'zod';

import { doctorCheckNames } from '../doctor/checks';
import { severities } from '../doctor/fault';

const CheckName = z.enum(doctorCheckNames);

/** One deviation from what should be: no secret and no telemetry in it. */
export const DoctorFinding = z.object({
  severity: z.enum(severities),
  check: CheckName,
  /** The target's name; `null` for what concerns the installation. */
  target: z.string().nullable(),
  /** The tenant's id, where it is about one. */
  tenant: z.string().nullable(),
  message: z.string(),
  /** The way out: a command or a setting. */
  fix: z.string(),
});
export type DoctorFinding = z.infer<typeof DoctorFinding>;

export const DoctorCheckView = z.object({
  name: CheckName,
  target: z.string().nullable(),
  /** `failed`: it found an error or a warning. `skipped`: it could not be made, or has nothing to look at. */
  status: z.enum(['ok', 'failed', 'skipped']),
  detail: z.string(),
});
export type DoctorCheckView = z.infer<typeof DoctorCheckView>;

/** Answer of `GET /tenancy/v1/doctor`. */
export const DoctorReport = z.object({
  /** No finding is an error. */
  ok: z.boolean(),
  checkedAt: z.string(),
  /** Errors first, then by target and check. Their number is bounded. */
  findings: z.array(DoctorFinding),
  /** How many more there are. */
  omitted: z.int(),
  checks: z.array(DoctorCheckView),
});
export type DoctorReport = z.infer<typeof DoctorReport>;
