import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { errorCodes } from '@hyperdx-tenancy/domain/errors';

import { variables } from '../config';

const docs = join(__dirname, '../../../../docs');

/** The rows of a page's table, cells trimmed. */
function rows(page: string): string[][] {
  return readFileSync(join(docs, page), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

it('docs/errors.md lists the error codes as they are', () => {
  expect(rows('errors.md')).toEqual(
    Object.entries(errorCodes).map(([code, { status, help }]) => [
      `\`${code}\``,
      String(status),
      help,
    ]),
  );
});

it('docs/configuration.md lists the variables that are read, and their defaults', () => {
  const documented = rows('configuration.md');
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
