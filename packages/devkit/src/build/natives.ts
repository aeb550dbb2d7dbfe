/** One program that the devkit builds from Go modules; its manifest files are in `packages/devkit/native/<name>`. */
export interface Native {
  /** How messages name it. */
  readonly title: string;
  /** File name of the program. */
  readonly binary: string;
  readonly version: string;
  /** Environment variable that names a ready program, which is then used as it is. */
  readonly override: string;
  /** What a program named there has to be. */
  readonly overrideHint: string;
  /** `go` command lines that run in a copy of the manifest folder; `{out}` stands for the path of the program. */
  readonly steps: readonly (readonly string[])[];
}

const contrib = 'github.com/open-telemetry/opentelemetry-collector-contrib';
/** Without symbol tables, and without paths of the machine that built it. */
const goBuild = ['build', '-trimpath', '-ldflags', '-s -w', '-o', '{out}'] as const;

/**
 * The programs by name. The collector's version is the newest of which every component could be had as a Go module everywhere
 * it was tried; HyperDX 2.36 ships 0.155.0, and generated configs are valid for both.
 */
export const natives = {
  collector: {
    title: 'the OpenTelemetry Collector',
    binary: 'otelcol',
    version: '0.149.0',
    override: 'HYPERDX_TENANCY_COLLECTOR_BIN',
    overrideHint:
      'an otelcol program that has the components listed in packages/devkit/native/collector/manifest.yaml',
    steps: [
      [
        'run',
        'go.opentelemetry.io/collector/cmd/builder@v0.149.0',
        '--config',
        'manifest.yaml',
        '--skip-get-modules',
        '--skip-compilation',
      ],
      // The Prometheus receiver scrapes static targets alone here: service discovery for two dozen clouds doubles time and size.
      [...goBuild, '-tags', 'remove_all_sd', '.'],
    ],
  },
  supervisor: {
    title: 'the OpAMP supervisor',
    binary: 'opampsupervisor',
    version: '0.149.0',
    override: 'HYPERDX_TENANCY_SUPERVISOR_BIN',
    overrideHint: 'an opampsupervisor program',
    steps: [[...goBuild, `${contrib}/cmd/opampsupervisor`]],
  },
  telemetrygen: {
    title: 'telemetrygen',
    binary: 'telemetrygen',
    version: '0.149.0',
    override: 'HYPERDX_TENANCY_TELEMETRYGEN_BIN',
    overrideHint: 'a telemetrygen program',
    steps: [[...goBuild, `${contrib}/cmd/telemetrygen`]],
  },
  ferretdb: {
    title: 'FerretDB',
    binary: 'ferretdb',
    version: '1.24.2',
    override: 'HYPERDX_TENANCY_FERRETDB_BIN',
    overrideHint: 'a program built from packages/devkit/native/ferretdb',
    steps: [[...goBuild, '.']],
  },
} as const satisfies Record<string, Native>;

export type NativeName = keyof typeof natives;

export const nativeNames = Object.keys(natives) as NativeName[];

export function isNativeName(text: string): text is NativeName {
  return Object.hasOwn(natives, text);
}
