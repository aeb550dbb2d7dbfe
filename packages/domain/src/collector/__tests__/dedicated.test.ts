import { buildDedicatedConfig } from '../index';
import type { CollectorTeam } from '../index';
import { asRead, pipeline, placeholderToken, team, tenantId, tokens } from './fixtures';

const build = (changes: Partial<CollectorTeam> = {}) =>
  buildDedicatedConfig({ team: team(1, changes), placeholderToken });

describe('buildDedicatedConfig', () => {
  it('builds this config for a team', () => {
    expect(build().config).toMatchSnapshot();
  });

  it("has HyperDX's pipelines, with processors left to the bootstrap", () => {
    const { pipelines } = build().config.service;
    expect(Object.keys(pipelines).sort()).toEqual([
      'logs/in',
      'logs/out-default',
      'logs/out-rrweb',
      'metrics',
      'traces',
    ]);
    for (const stated of Object.values(pipelines)) expect(stated).not.toHaveProperty('processors');
  });

  it('asks for the key of its team, if the team wants it', () => {
    expect(tokens(build())).toEqual([team(1).apiKey]);
    const open = build({ authenticate: false });
    expect(open.config).not.toHaveProperty('extensions');
    expect(open.config.service).not.toHaveProperty('extensions');
    expect(open.body).not.toContain('"auth"');
  });

  it.each([
    ['suspended', { suspended: true }, []],
    ['suspended and open', { suspended: true, authenticate: false }, []],
    ['of a key outside the rule', { apiKey: 'a"b==c\nd' }, ['invalid_ingestion_key']],
  ])('answers 401 and stores nothing for a team that is %s', (_, changes, codes) => {
    const built = build(changes);
    expect(tokens(built)).toEqual([placeholderToken]);
    expect(built.leftOut.map(({ code }) => code)).toEqual(codes);
    expect(Object.keys(built.config.exporters ?? {})).toEqual(['debug/unrouted']);
    expect(pipeline(built, 'traces')?.exporters).toEqual(['debug/unrouted']);
    expect(built.body).not.toContain(tenantId(1));
  });

  it("names credentials as the collector's own environment, where told to", () => {
    const built = build({ credentials: { kind: 'env', database: '${env:HOME}' } });
    expect(built.config.exporters?.clickhouse).toMatchObject({
      endpoint: '${env:CLICKHOUSE_ENDPOINT}',
      username: '${env:CLICKHOUSE_USER}',
      password: '${env:CLICKHOUSE_PASSWORD}',
      database: '$${env:HOME}',
    });
  });

  it('writes literal credentials so that the collector expands nothing in them', () => {
    const credentials = {
      kind: 'literal',
      endpoint: 'http://clickhouse:8123?custom=$1',
      username: '$USER',
      password: '${env:HOME}$$${HOME}',
      database: 'a$b',
    } as const;
    const { clickhouse } = build({ credentials }).config.exporters ?? {};
    for (const field of ['endpoint', 'username', 'password', 'database'] as const) {
      const written = clickhouse?.[field] as string;
      expect(asRead(written)).toBe(credentials[field]);
      // An even number of `$` in front of every brace, or on its own, is what stops expansion.
      expect(written.replaceAll('$$', '')).not.toContain('$');
    }
  });
});
