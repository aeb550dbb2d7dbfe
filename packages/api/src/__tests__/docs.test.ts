import { errorCodes } from '@hyperdx-tenancy/domain/errors';

import { variables } from '../configFiles/variables';
import { docsRows } from './docsTable';

it('docs/errors.md lists the error codes as they are', () => {
  expect(docsRows('errors.md')).toEqual(
    Object.entries(errorCodes).map(([code, { status, help }]) => [
      `\`${code}\``,
      String(status),
      help,
    ]),
  );
});

it('docs/configuration.md lists the variables that are read, and their defaults', () => {
  const documented = docsRows('configuration.md');
  expect(documented.map(([name]) => name)).toEqual(
    Object.keys(variables).map((name) => `\`${name}\``),
  );
  for (const [name, stated] of documented) {
    const schema = variables[name?.replaceAll('`', '') as keyof typeof variables];
    const unset = schema.safeParse(undefined);
    if (stated === 'required') expect([name, unset.success]).toEqual([name, false]);
    else if (unset.success && unset.data !== undefined && unset.data !== '') {
      expect([name, stated]).toEqual([name, `\`${String(unset.data)}\``]);
    } else expect([name, unset.success]).toEqual([name, true]);
  }
});
