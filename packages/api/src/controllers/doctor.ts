import type { DoctorReport } from '@hyperdx-tenancy/domain/contracts/doctor';
import { doctorCheckNames, doctorChecks } from '@hyperdx-tenancy/domain/doctor/checks';
import { Examination } from '@hyperdx-tenancy/domain/doctor/examination';

import type { Context } from './context';
import { examineConfiguration, examineDocuments } from './doctorDocuments';
import { examineTarget } from './doctorTarget';
import { readTenants } from './doctorTenants';
import type { WayBack } from './lastAdmin';

/** Looks whether everything is as isolation needs it. */
export type Doctor = () => Promise<DoctorReport>;

async function examine(wayBack: WayBack, context: Context): Promise<DoctorReport> {
  const examination = new Examination();
  const targets = context.targets.all;
  const tenants = await readTenants();
  await Promise.all([
    examineConfiguration(wayBack, examination, context),
    examineDocuments(tenants, examination, context),
    ...targets.map((target) => examineTarget(target, tenants, examination, context)),
  ]);
  for (const name of doctorCheckNames) {
    if (doctorChecks[name].of === 'installation') examination.made(name, null);
  }
  return examination.report(
    context.now(),
    targets.map(({ name }) => name),
  );
}

/**
 * Makes the doctor of this process. It changes nothing. Who asks while an examination is under way gets the report of that
 * one: however many ask, ClickHouse is asked once.
 */
export function createDoctor(wayBack: WayBack, context: Context): Doctor {
  let running: Promise<DoctorReport> | undefined;
  return () => {
    running ??= examine(wayBack, context).finally(() => {
      running = undefined;
    });
    return running;
  };
}
