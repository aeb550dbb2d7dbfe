import { expectAllEnded, expectJudged, Result, runBench } from './benchRuns';
import type { BenchOutcome } from './benchRuns';

const AGENTS = 110;

describe('bench opamp --quick --json', () => {
  let outcome: BenchOutcome;

  beforeAll(async () => {
    outcome = await runBench('opamp', '--quick', '--json', '--agents', String(AGENTS));
  }, 260_000);

  it('prints its result, and nothing else, on stdout', () => {
    const { bench, conditions } = Result.parse(JSON.parse(outcome.stdout));
    expect(bench).toBe('opamp');
    expect(conditions).toMatchObject({ agents: AGENTS, tenantsOfAgents: 10, tokens: 11 });
  });

  it('loses no agent, and reaches those of a team alone with its change', () => {
    const { figures } = Result.parse(JSON.parse(outcome.stdout));
    const values = new Map(figures.map(({ name, value }) => [name, value]));
    expect(values.get('after a restart: agents back and in step')).toBe(AGENTS);
    expect(values.get('after a restart: agents that the next change for all reached')).toBe(AGENTS);
    expect(values.get('agents of one team')).toBe(AGENTS / 11);
  });

  it('answers a poll without news with as many bytes, however many tenants there are', () => {
    const { figures } = Result.parse(JSON.parse(outcome.stdout));
    const answers = figures.filter(({ name }) => /^(ours|bare).*: answer$/.test(name));
    expect(answers).toHaveLength(3);
    expect(new Set(answers.map(({ value }) => value)).size).toBe(1);
  });

  it('finds a number for every figure, and judges those with a reach', () => {
    expectJudged(outcome, [
      'polls a second: ours, 10 tenants / bare node:http',
      'polls a second: ours, 1000 tenants / bare node:http',
      'polls a second: ours, 1000 tenants / ours, 10 tenants',
      "polls a second: ours, 1000 tenants / HyperDX's way, 1000 tenants",
      'a change at an agent, 500 tenants: the longest',
      'a change at an agent of 250 of them, 500 tenants: the longest',
      'memory an agent, above an idle ws server',
      'CPU at heartbeats of 30 s',
      "one team's change at its agents, p99",
      'after a restart: agents back and in step',
      'after a restart: agents that the next change for all reached',
    ]);
  });

  it('leaves no process behind', async () => {
    // MongoDB twice, four APIs with a ClickHouse each, three servers to compare with, one process of agents.
    await expectAllEnded(outcome, 14);
  });
});
