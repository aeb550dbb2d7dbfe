import { servesSince, supervisorEnvironment } from '../supervisor';

const at = (seconds: number, message: string) =>
  `{"level":"info","ts":${seconds},"msg":"${message}"}`;
const started = 'Agent process started';
const reloaded = 'Config updated, restart service';
const ready = 'Everything is ready. Begin running and processing data.';

describe('servesSince', () => {
  it.each([
    ['a start after it, and ready', [at(11, started), at(12, ready)], true],
    [
      'a reload after it, and ready',
      [at(5, started), at(6, ready), at(11, reloaded), at(12, ready)],
      true,
    ],
    ['a start after it, not ready', [at(5, started), at(6, ready), at(11, started)], false],
    ['the collector of before, ready after it', [at(9, started), at(11, ready)], false],
    ['nothing', [], false],
  ])('a config written at 10 s: %s', (_name, lines, expected) => {
    expect(servesSince(lines.join('\n'), 10_000)).toBe(expected);
  });
});

describe('supervisorEnvironment', () => {
  const ports = { grpcPort: 1, httpPort: 2, fluentPort: 3, healthPort: 4, metricsPort: 5 };
  const where = { dir: '/d', ports, executable: '/bin/otelcol' };

  it('sets what docker/collector/supervisor.yaml reads', () => {
    const env = supervisorEnvironment(
      { opampUrl: 'http://h:1/t/x/', headers: { Authorization: 'Bearer y' } },
      where,
    );
    expect(env).toMatchObject({
      OPAMP_SERVER_URL: 'http://h:1/t/x',
      OPAMP_HEADERS: '{"Authorization":["Bearer y"]}',
      OTELCOL_EXECUTABLE: '/bin/otelcol',
      OTELCOL_HEALTH_PORT: '4',
      SUPERVISOR_STORAGE: '/d/storage',
    });
    expect(env).not.toHaveProperty('SUPERVISOR_VALIDATE_CONFIG');
  });

  it('turns off what the stock image does not do', () => {
    expect(supervisorEnvironment({ opampUrl: 'http://h', stock: true }, where)).toMatchObject({
      SUPERVISOR_AGENT: '/bin/otelcol',
      SUPERVISOR_VALIDATE_CONFIG: 'false',
      SUPERVISOR_HUP_RELOAD: 'false',
      SUPERVISOR_CONFIG_APPLY_TIMEOUT: '5s',
    });
  });

  it('lets the caller have the last word', () => {
    const env = supervisorEnvironment(
      { opampUrl: 'http://h', stock: true, configApplyTimeoutSeconds: 9, env: { EXTRA: 'e' } },
      where,
    );
    expect(env).toMatchObject({ SUPERVISOR_CONFIG_APPLY_TIMEOUT: '9s', EXTRA: 'e' });
  });
});
