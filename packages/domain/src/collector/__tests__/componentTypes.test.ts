import { buildDedicatedConfig, buildSharedConfig, requiredComponents } from '../index';
import { sameType } from '../componentTypes';
import { placeholderToken, team, teams, tenantId } from './fixtures';

const shared = (options: Partial<Parameters<typeof buildSharedConfig>[0]> = {}) =>
  requiredComponents(buildSharedConfig({ teams: teams(2), placeholderToken, ...options }).config);

describe('requiredComponents', () => {
  it('names each type once, and the processors that a pipeline takes from the bootstrap', () => {
    expect(shared()).toEqual({
      receivers: ['otlp'],
      processors: ['memory_limiter', 'transform'],
      connectors: ['routing'],
      exporters: ['clickhouse', 'debug'],
      extensions: ['bearertokenauth'],
    });
  });

  it('leaves out sections of which nothing is needed', () => {
    const { config } = buildDedicatedConfig({
      team: team(1, { authenticate: false }),
      placeholderToken,
    });
    expect(requiredComponents(config)).toEqual({
      receivers: ['otlp'],
      connectors: ['routing'],
      exporters: ['clickhouse'],
    });
  });

  it('asks for an OTLP exporter where a quarantine has an address, and not otherwise', () => {
    const quarantined = new Set([tenantId(1)]);
    expect(shared({ quarantined }).exporters).toEqual(['clickhouse', 'debug']);
    const quarantineEndpoint = 'http://quarantine:4318';
    expect(shared({ quarantined, quarantineEndpoint }).exporters).toContain('otlp_http');
    expect(shared({ quarantineEndpoint }).exporters).not.toContain('otlp_http');
  });
});

describe('sameType', () => {
  it.each([
    ['otlphttp', 'otlp_http', true],
    ['resource_detection', 'resourcedetection', true],
    ['otlp', 'otlp_http', false],
  ])('of %s and %s is %s', (a, b, same) => {
    expect(sameType(a, b)).toBe(same);
  });
});
