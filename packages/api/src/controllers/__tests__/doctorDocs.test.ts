import { doctorChecks } from '@hyperdx-tenancy/domain/doctor/checks';

import { docsRows } from '../../__tests__/docsTable';

it('docs/doctor.md lists the checks as they are, each with what to do', () => {
  const rows = docsRows('doctor.md');
  expect(rows.map(([name, asks]) => [name, asks])).toEqual(
    Object.entries(doctorChecks).map(([name, { asks }]) => [`\`${name}\``, asks]),
  );
  for (const [name, , wayOut = ''] of rows) {
    expect([name, wayOut.length > 20]).toEqual([name, true]);
  }
});
