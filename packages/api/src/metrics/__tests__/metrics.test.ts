import { metricKinds, Metrics } from '..';

/** The lines of this service's own series, without what concerns the process. */
async function seriesOf(metrics: Metrics): Promise<string[]> {
  const text = await metrics.render();
  return text.split('\n').filter((line) => line.startsWith('hyperdx_tenancy_'));
}

const names = (lines: string[]): string[] => lines.map((line) => line.replace(/ \S+$/, ''));

describe('Metrics', () => {
  it('answers in the text format, with help and type of every metric, and those of the process', async () => {
    const text = await new Metrics().render();
    for (const [name, { type, help }] of Object.entries(metricKinds)) {
      expect(text).toContain(`# HELP hyperdx_tenancy_${name} ${help}\n`);
      expect(text).toContain(`# TYPE hyperdx_tenancy_${name} ${type}\n`);
    }
    expect(text).toContain('\nprocess_cpu_seconds_total ');
    expect(text).toContain('\nnodejs_eventloop_lag_seconds ');
    // Prometheus refuses a text that names one metric twice.
    const types = text.split('\n').filter((line) => line.startsWith('# TYPE '));
    expect(new Set(types).size).toBe(types.length);
  });

  it('keeps the counts of two servers of one process apart', async () => {
    const [one, two] = [new Metrics(), new Metrics()];
    one.count('reconciled_tenants_total', {}, 3);
    expect(await seriesOf(one)).toContain('hyperdx_tenancy_reconciled_tenants_total 3');
    expect(await seriesOf(two)).toContain('hyperdx_tenancy_reconciled_tenants_total 0');
  });

  it('counts by labels, and shows a counter of few series before its first event', async () => {
    const metrics = new Metrics();
    const failed = 'hyperdx_tenancy_task_rounds_total{task="reconcile",result="failed"}';
    expect(await seriesOf(metrics)).toContain(`${failed} 0`);
    metrics.count('task_rounds_total', { task: 'reconcile', result: 'failed' });
    expect(await seriesOf(metrics)).toContain(`${failed} 1`);
  });

  it('counts a series whose labels were looked at before as any other, and not the same twice', async () => {
    const metrics = new Metrics();
    const failed = { task: 'reconcile', result: 'failed' } as const;
    const count = metrics.counter('task_rounds_total', failed);
    const observe = metrics.histogram('task_round_duration_seconds', { task: 'reconcile' });
    const lines = [
      'hyperdx_tenancy_task_rounds_total{task="reconcile",result="failed"} 3',
      'hyperdx_tenancy_task_round_duration_seconds_sum{task="reconcile"} 4',
    ];
    count();
    count();
    metrics.count('task_rounds_total', failed);
    observe(4);
    expect(await seriesOf(metrics)).toEqual(expect.arrayContaining(lines));
    expect(await seriesOf(metrics)).toEqual(expect.arrayContaining(lines));
  });

  it('says nothing of a gauge whose value is not known', async () => {
    const metrics = new Metrics();
    metrics.set('tenants', { status: 'active' }, 7);
    expect(await seriesOf(metrics)).toContain('hyperdx_tenancy_tenants{status="active"} 7');
    metrics.set('tenants', { status: 'active' }, undefined);
    expect((await seriesOf(metrics)).join()).not.toContain('hyperdx_tenancy_tenants{');
  });

  it('has no more series whatever the values are that clients and agents make up', async () => {
    const metrics = new Metrics();
    // As sources without types would: every label of every metric is given what it must not take.
    const hostile = (i: number): string[] => [
      `/tenancy/v1/tenants/${i.toString(16).padStart(24, '0')}`,
      `x"} 1\nfake_metric{a="${i}`,
      '__proto__',
      'constructor',
      '',
      String(1_000 + i),
    ];
    function feed(i: number): void {
      for (const [name, { type, labels }] of Object.entries(metricKinds)) {
        for (const value of hostile(i)) {
          const given = Object.fromEntries(Object.keys(labels).map((label) => [label, value]));
          if (type === 'counter') metrics.count(name as never, given);
          else if (type === 'gauge') metrics.set(name as never, given, i);
          else metrics.observe(name as never, given, i);
        }
      }
    }
    feed(0);
    const before = names(await seriesOf(metrics));
    for (let i = 1; i <= 200; i += 1) feed(i);
    const after = names(await seriesOf(metrics));
    expect(after).toEqual(before);
    expect(after.join()).not.toMatch(/fake_metric|0{24}|__proto__|constructor/);
    // The feeding is seen, so that it proves something.
    expect(after.join()).toContain('route="other"');
  });

  it('runs its sources once for scrapes that come together, and again for a later one', async () => {
    const metrics = new Metrics();
    let runs = 0;
    metrics.beforeScrape(async () => {
      runs += 1;
      await Promise.resolve();
      metrics.set('mongo_up', {}, runs);
    });
    const texts = await Promise.all([metrics.render(), metrics.render(), metrics.render()]);
    expect(runs).toBe(1);
    expect(new Set(texts).size).toBe(1);
    expect(await seriesOf(metrics)).toContain('hyperdx_tenancy_mongo_up 2');
  });
});
