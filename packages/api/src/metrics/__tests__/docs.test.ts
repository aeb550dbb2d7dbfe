import { fullName, metricKinds } from '..';
import type { MetricKind, MetricName } from '..';
import { docsRows } from '../../__tests__/docsTable';

it('docs/metrics.md lists the metrics as they are', () => {
  const kinds = Object.entries(metricKinds) as [MetricName, MetricKind][];
  expect(docsRows('metrics.md')).toEqual(
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
