import { runCommand } from '../build';
import { telemetrygenBinary } from './binaries';

export type Signal = 'logs' | 'traces' | 'metrics';

export interface TelemetrygenOptions {
  signal: Signal;
  /** `host:port` of an OTLP receiver without TLS. */
  endpoint: string;
  /** OTLP over HTTP instead of gRPC. */
  http?: boolean;
  /** Sent as the header `authorization`, with nothing in front: a team's ingestion key. */
  key?: string;
  /** Records of each worker; ignored by telemetrygen where there is a duration. */
  count?: number;
  /** Seconds. */
  durationSeconds?: number;
  /** Records a second of each worker; 0 is as fast as it goes. @default 0 */
  rate?: number;
  workers?: number;
  /** More of its command line. */
  extraArgs?: readonly string[];
  /** Go on after an export that failed, and do not throw. A run without it stops at the first. */
  allowFailures?: boolean;
  /** Milliseconds until it is ended. @default the duration and a minute */
  timeoutMs?: number;
}

/** The command line that these options make. */
export function telemetrygenArgs(options: TelemetrygenOptions): string[] {
  const { signal, key, count, durationSeconds, workers } = options;
  return [
    signal,
    '--otlp-endpoint',
    options.endpoint,
    '--otlp-insecure',
    '--rate',
    String(options.rate ?? 0),
    ...(options.http ? ['--otlp-http'] : []),
    ...(key === undefined ? [] : ['--otlp-header', `authorization="${key}"`]),
    ...(count === undefined ? [] : [`--${signal}`, String(count)]),
    ...(durationSeconds === undefined ? [] : ['--duration', `${durationSeconds}s`]),
    ...(workers === undefined ? [] : ['--workers', String(workers)]),
    ...(options.allowFailures ? ['--allow-export-failures'] : []),
    ...(options.extraArgs ?? []),
  ];
}

export interface TelemetrygenResult {
  /** Exports that the receiver did not take. */
  failedExports: number;
  /** Its last lines. */
  output: string;
}

/** It ends with 0 all the same when the last of its batches was refused, and says so in its log alone. */
const failedExport = /\bfailed to export\b.*/;

/**
 * Sends made-up telemetry with the collector project's own load generator.
 *
 * @throws Error when it failed or, unless failures are allowed, when an export did, as it does with a key that the receiver refuses.
 */
export async function runTelemetrygen(options: TelemetrygenOptions): Promise<TelemetrygenResult> {
  const program = await telemetrygenBinary();
  const timeoutMs = options.timeoutMs ?? (options.durationSeconds ?? 0) * 1_000 + 60_000;
  let failedExports = 0;
  let failure = '';
  const { code, output, timedOut } = await runCommand(program, telemetrygenArgs(options), {
    timeoutMs,
    onLine(line) {
      const match = failedExport.exec(line);
      if (!match) return;
      failedExports++;
      failure = match[0];
    },
  });
  if (timedOut) throw new Error(`telemetrygen did not end within ${timeoutMs} ms`);
  if (!options.allowFailures && (code !== 0 || failedExports > 0)) {
    throw new Error(`telemetrygen: ${failure || output.split('\n').slice(-10).join('\n')}`);
  }
  return { failedExports, output };
}
