import { telemetrygenArgs } from '../telemetrygen';

describe('telemetrygenArgs', () => {
  it('counts records of its signal, and sends the key as it is', () => {
    const args = telemetrygenArgs({ signal: 'traces', endpoint: 'h:1', key: 'k-1', count: 7 });
    expect(args).toEqual(
      expect.arrayContaining(['traces', '--otlp-header', 'authorization="k-1"', '--traces', '7']),
    );
    expect(args).not.toContain('--otlp-http');
  });

  it('runs for a time, over HTTP, past failures', () => {
    const args = telemetrygenArgs({
      signal: 'logs',
      endpoint: 'h:1',
      http: true,
      durationSeconds: 3,
      rate: 50,
      workers: 2,
      allowFailures: true,
      extraArgs: ['--body', 'x'],
    });
    expect(args.join(' ')).toBe(
      'logs --otlp-endpoint h:1 --otlp-insecure --rate 50 --otlp-http --duration 3s --workers 2 --allow-export-failures --body x',
    );
  });
});
