import { hyperdxSettings, shapes } from '../../clickhouse/__tests__/isolation/hyperdx';
import { each } from '../../clickhouse/__tests__/isolation/probe';
import type { Attack } from './corpus/attack';
import { attacksOn } from './corpus/attacks';
import { oracles } from './corpus/oracles';
import { attack, consult, unproved } from './corpus/run';
import { Site } from './corpus/site';

jest.setTimeout(180_000);

const site = new Site();
const counts = { door: 0, ui: 0, leaks: 0, controls: 0, legitimate: 0 };
let attacks: readonly Attack[] = [];

beforeAll(async () => {
  await site.start();
  attacks = attacksOn(site);
}, 180_000);

afterAll(() => site.stop(), 60_000);

describe('attacks', () => {
  it.each(['door', 'ui'] as const)('show nothing by the %s', async (name) => {
    const at = site.entrances.find((one) => one.name === name)!;
    const before = site.lure.connections();
    const { requests, faults } = await attack(attacks, at, site);
    expect(faults).toEqual([]);
    expect(site.lure.connections()).toBe(before);
    counts[name] += requests;
  });

  it.each(['door', 'ui'] as const)('tell nothing apart by the %s', async (name) => {
    const at = site.entrances.find((one) => one.name === name)!;
    const { requests, faults } = await consult(oracles, at, site);
    expect(faults).toEqual([]);
    counts[name] += requests;
  });
});

describe('controls', () => {
  it('work', async () => {
    expect(await unproved([...oracles, ...attacks], site)).toEqual([]);
  });
});
void [hyperdxSettings, shapes, each];
