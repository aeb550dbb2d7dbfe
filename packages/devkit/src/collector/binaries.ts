import { buildNative, type BuildOptions } from '../build';

/** Path of the collector, built first where it has to be (minutes), or named by `HYPERDX_TENANCY_COLLECTOR_BIN`. */
export function collectorBinary(options?: BuildOptions): Promise<string> {
  return buildNative('collector', options);
}

/** Path of the OpAMP supervisor, or the one that `HYPERDX_TENANCY_SUPERVISOR_BIN` names. */
export function supervisorBinary(options?: BuildOptions): Promise<string> {
  return buildNative('supervisor', options);
}

/** Path of the load generator, or the one that `HYPERDX_TENANCY_TELEMETRYGEN_BIN` names. */
export function telemetrygenBinary(options?: BuildOptions): Promise<string> {
  return buildNative('telemetrygen', options);
}
