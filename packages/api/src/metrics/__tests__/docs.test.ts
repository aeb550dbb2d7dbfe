import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { fullName, metricKinds } from '..';
import type { MetricKind, MetricName } from '..';

/** The rows of the page's table, cells trimmed. */
function rows(): string[][] {
  return readFileSync(join(__dirname, '../../../../../docs/metrics.md'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

it('docs/metrics.md lists the metrics as they are', () => {
  const kinds = Object.entries(metricKinds) as [MetricName, MetricKind][];
  expect(rows()).toEqual(
    kinds.map(([name, { type, labels, help }]) => [
      `\`${fullName(name)}\``,
      type,
      Object.keys(labels)
        .map((label) => `\`${label}\``)
        .join(', '),
      help,
    ]),
  );
});

it('names follow the conventions of Prometheus', () => {
  for (const [name, { type }] of Object.entries(metricKinds)) {
    expect(name).toMatch(/^[a-z]+(_[a-z]+)*$/);
    expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
    if (type === 'histogram') expect(name).toMatch(/_(seconds|bytes)$/);
  }
});
