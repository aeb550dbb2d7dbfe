import { buildSharedConfig } from '../index';
import type { SharedInput } from '../index';
import { pipeline, placeholderToken, team, teams, tenantId, tokens } from './fixtures';

const build = (options: Partial<SharedInput> = {}) =>
  buildSharedConfig({ teams: teams(3), placeholderToken, ...options });
const quarantined = new Set([tenantId(2)]);

describe('a quarantined tenant', () => {
  const streams = ['logs/', 'logs/rrweb-', 'traces/', 'metrics/'];

  it('is let in, and each of its streams ends in its own refusal', () => {
    const built = build({ quarantined });
    expect(tokens(built)).toContain(team(2).apiKey);
    for (const stream of streams) {
      expect(pipeline(built, `${stream}${tenantId(2)}`)?.exporters).toEqual([
        `debug/quarantine-${tenantId(2)}`,
      ]);
    }
    expect(built.leftOut).toEqual([]);
  });

  it('is written for by nobody: neither its login nor its tables are in the config', () => {
    const { body } = build({ quarantined });
    expect(body).not.toContain('secret-2');
    expect(body).not.toContain(`otel_logs_${tenantId(2)}`);
    expect(body).toContain('secret-3');
  });

  it('leaves the parts of the others as they are', () => {
    const { exporters = {}, service } = build({ quarantined }).config;
    const { exporters: before = {}, service: was } = build().config;
    for (const n of [1, 3]) {
      const id = `clickhouse/${tenantId(n)}`;
      expect(exporters[id]).toEqual(before[id]);
      expect(service.pipelines[`traces/${tenantId(n)}`]).toEqual(
        was.pipelines[`traces/${tenantId(n)}`],
      );
    }
  });

  it('is handed on under its present key, where others take it', () => {
    const built = build({
      teams: [team(1), team(2, { apiKey: '$present$', previousKeys: ['$former$0'] })],
      quarantined,
      quarantineEndpoint: 'https://quarantine:4318',
    });
    const id = `otlp_http/quarantine-${tenantId(2)}`;
    expect(built.config.exporters?.[id]).toEqual({
      endpoint: 'https://quarantine:4318',
      headers: { authorization: '$$present$$' },
      timeout: '5s',
      retry_on_failure: { enabled: false },
      sending_queue: { enabled: false },
    });
    for (const stream of streams) {
      expect(pipeline(built, `${stream}${tenantId(2)}`)?.exporters).toEqual([id]);
    }
  });

  it('changes nothing where it is no tenant of the config', () => {
    expect(build({ quarantined: new Set([tenantId(9)]) }).body).toBe(build().body);
    expect(build({ quarantined: new Set() }).body).toBe(build().body);
  });

  it('may be every tenant', () => {
    const built = build({ quarantined: new Set([1, 2, 3].map(tenantId)) });
    expect(Object.keys(built.config.exporters ?? {}).sort()).toEqual([
      ...[1, 2, 3].map((n) => `debug/quarantine-${tenantId(n)}`),
      'debug/unrouted',
    ]);
  });
});
