import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parseFragment } from '../fragment';

const page = readFileSync(join(__dirname, '../../../../../docs/collectors.md'), 'utf8');

it("docs/collectors.md's fragment is one that a shared and a dedicated group take", () => {
  const examples = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, text = '']) => text);
  expect(examples).toHaveLength(1);
  for (const example of examples) {
    for (const kind of ['shared', 'dedicated'] as const) {
      expect(Object.keys(parseFragment(example, kind).parts.pipelines ?? {})).toEqual([
        'metrics/hosts',
      ]);
    }
  }
});
