import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { doctorChecks } from '@hyperdx-tenancy/domain/doctor/checks';

it('docs/doctor.md lists the checks as they are, each with what to do', () => {
  const rows = readFileSync(join(__dirname, '../../../../../docs/doctor.md'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  expect(rows.map(([name, asks]) => [name, asks])).toEqual(
    Object.entries(doctorChecks).map(([name, { asks }]) => [`\`${name}\``, asks]),
  );
  for (const [name, , wayOut = ''] of rows)
    expect([name, wayOut.length > 20]).toEqual([name, true]);
});
