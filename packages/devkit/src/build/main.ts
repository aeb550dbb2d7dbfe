import { buildNative, type BuildOptions } from './buildNative';
import { cacheFolder } from './cacheFolder';
import { isNativeName, nativeNames, natives } from './natives';

const usage = `Builds the programs that tests and the demo run, into ${cacheFolder()}.

  node packages/devkit/dist/build/main.js [name...]

Names: ${nativeNames.join(', ')}. Without one, all of them.
Needs Go, or Docker to run Go in. Ready programs can be named instead:
${nativeNames.map((name) => `  ${natives[name].override}  ${natives[name].overrideHint}`).join('\n')}
`;

/** Silence after which a line says that work goes on, milliseconds. */
const quietMs = 10_000;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Prints what a build does, and every ten seconds that it goes on, with the last line that Go wrote. */
function reporter(): Pick<BuildOptions, 'onProgress' | 'onOutput'> & { stop: () => void } {
  const start = Date.now();
  let last = 'compiling';
  let timer: NodeJS.Timeout | undefined;
  return {
    onProgress(line) {
      print(line);
      timer ??= setInterval(() => {
        print(`  ${Math.round((Date.now() - start) / 1_000)} s: ${last}`);
      }, quietMs);
    },
    onOutput(line) {
      // Anything else is the log of the collector's builder.
      last = line.startsWith('go: ') ? line.slice(4) : 'compiling';
    },
    stop: () => clearInterval(timer),
  };
}

/** @returns the exit code: 0, 1 when a build failed, 2 when the command line was wrong. */
export async function main(args: readonly string[]): Promise<number> {
  if (args.some((arg) => arg === '--help' || arg === '-h')) {
    process.stdout.write(usage);
    return 0;
  }
  const names = args.length === 0 ? nativeNames : args.filter(isNativeName);
  if (names.length < args.length) {
    const unknown = args.filter((arg) => !isNativeName(arg));
    process.stderr.write(`no such program: ${unknown.join(', ')}\n\n${usage}`);
    return 2;
  }
  // One after the other: each build keeps every processor busy.
  for (const name of names) {
    const { stop, ...report } = reporter();
    try {
      print(`${name}: ${await buildNative(name, report)}`);
    } catch (error) {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      return 1;
    } finally {
      stop();
    }
  }
  return 0;
}

if (require.main === module) {
  // Go's processes are a group of their own: an exit ends them, a signal by itself would not.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => process.exit(1));
  }
  void main(process.argv.slice(2)).then((code) => {
    process.exitCode = code;
  });
}
