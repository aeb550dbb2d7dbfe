import { cells, ok, useFakeApi } from './cli';

const api = useFakeApi();
const { cli } = api;

describe('target list', () => {
  const target = {
    name: 'default',
    database: 'otel',
    cluster: null,
    replicated: false,
    access: 'grants',
    reachable: true,
    tenants: 12,
    tables: { used: 144, limit: 5000 },
    parts: { used: 900, limit: null },
  };
  const away = {
    ...target,
    name: 'eu',
    cluster: 'main',
    replicated: true,
    access: 'a-newer-mode',
    reachable: false,
    tables: { used: null, limit: 5000 },
    parts: { used: null, limit: null },
  };

  it('prints how much of each is taken', async () => {
    api.answer(() => ok({ data: [target, away] }));
    const { code, stdout } = await cli('target', 'list');
    expect(code).toBe(0);
    expect(cells(stdout).slice(1)).toEqual([
      ['default', 'otel', '', 'no', 'grants', 'yes', '12', '144 of 5000', '900'],
      ['eu', 'otel', 'main', 'yes', 'a-newer-mode', 'no', '12', '? of 5000', '?'],
    ]);
    expect(api.asked()).toEqual(['GET /targets']);
    const json = await cli('--json', 'target', 'list');
    expect(JSON.parse(json.stdout)).toEqual([target, away]);
  });
});

describe('plan list', () => {
  const plans = [
    {
      name: 'gold',
      description: 'For those who pay.',
      default: false,
      settings: { retentionHours: { logs: 2160 }, partitioning: 'day' },
      tenants: 3,
    },
    { name: 'free', description: null, default: true, settings: { colour: 'red' }, tenants: 0 },
  ];

  it('prints their settings, and which is the default', async () => {
    api.answer(() => ok({ data: plans }));
    const { code, stdout } = await cli('plan', 'list');
    expect(code).toBe(0);
    expect(cells(stdout).slice(1)).toEqual([
      ['gold', '3', 'retentionHours.logs=2160, partitioning=day', 'For those who pay.'],
      ['free (default)', '0', 'colour=red', ''],
    ]);
    expect(api.asked()).toEqual(['GET /plans']);
    expect(JSON.parse((await cli('--json', 'plan', 'list')).stdout)).toEqual(plans);
  });
});
