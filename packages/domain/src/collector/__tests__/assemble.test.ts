import { TenancyError } from '../../errors';
import { assemble } from '../assemble';
import type { Fragment } from '../config';

const whole: Fragment = {
  receivers: { nop: {} },
  exporters: { 'debug/a': {} },
  pipelines: { traces: { receivers: ['nop'], exporters: ['debug/a'] } },
};

/** The message of what `assemble` throws for the whole config with one more fragment. */
function refusal(...fragments: Fragment[]): string {
  try {
    assemble([whole, ...fragments]);
  } catch (error) {
    expect(error).toBeInstanceOf(TenancyError);
    expect((error as TenancyError).code).toBe('internal');
    return (error as TenancyError).message;
  }
  throw new Error('was not refused');
}

describe('assemble', () => {
  it('puts fragments together and leaves out what is empty', () => {
    expect(assemble([whole, {}, { connectors: {} }])).toEqual({
      receivers: { nop: {} },
      exporters: { 'debug/a': {} },
      service: { pipelines: whole.pipelines },
    });
  });

  it('lists the extensions', () => {
    const extensions = { zpages: {}, pprof: {} };
    expect(assemble([whole, { extensions }]).service.extensions).toEqual(['pprof', 'zpages']);
  });

  it.each<[string, Fragment]>([
    ['exporters of HyperDX\'s image lack "kafka"', { exporters: { 'kafka/x': {} } }],
    ['receivers of HyperDX\'s image lack "clickhouse"', { receivers: { clickhouse: {} } }],
    ['"nop" is defined twice in receivers', { receivers: { nop: {} } }],
    ['"traces" is defined twice in pipelines', { pipelines: whole.pipelines ?? {} }],
    [
      'pipeline "logs" has no receivers',
      { pipelines: { logs: { receivers: [], exporters: ['debug/a'] } } },
    ],
    [
      'pipeline "logs" has no exporters',
      { pipelines: { logs: { receivers: ['nop'], exporters: [] } } },
    ],
    [
      'pipeline "logs" names the processor "attributes"',
      {
        pipelines: {
          logs: { receivers: ['nop'], processors: ['attributes'], exporters: ['debug/a'] },
        },
      },
    ],
    ['"otlp" is the receiver of no pipeline', { receivers: { otlp: {} } }],
    ['"debug" is the exporter of no pipeline', { exporters: { debug: {} } }],
    ['"routing" is the receiver of no pipeline', { connectors: { routing: {} } }],
    [
      'the receiver "otlp" is not defined',
      { pipelines: { logs: { receivers: ['otlp'], exporters: ['debug/a'] } } },
    ],
    [
      'the exporter "debug" is not defined',
      { pipelines: { logs: { receivers: ['nop'], exporters: ['debug'] } } },
    ],
  ])('refuses: %s', (message, fragment) => {
    expect(refusal(fragment)).toContain(message);
  });

  it('asks a connector to be both an end and a start', () => {
    const connectors = { forward: {} };
    expect(
      refusal({
        connectors,
        pipelines: { logs: { receivers: ['nop'], exporters: ['forward'] } },
      }),
    ).toContain('"forward" is the receiver of no pipeline');
    expect(
      refusal({
        connectors,
        pipelines: { logs: { receivers: ['forward'], exporters: ['debug/a'] } },
      }),
    ).toContain('"forward" is the exporter of no pipeline');
  });
});
