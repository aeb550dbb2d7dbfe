import {
  access,
  chmod,
  constants,
  copyFile,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
} from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { randomUUID } from 'node:crypto';
import { cacheFolder } from './cacheFolder';
import { cacheKey, hostPlatform, type ManifestFile } from './cacheKey';
import { withFileLock } from './fileLock';
import { findGoToolchain, type GoToolchain } from './goToolchain';
import { retryingModules } from './moduleRetry';
import { natives, type Native, type NativeName } from './natives';

export interface BuildOptions {
  /** Told what is being done, in lines to print: nothing where the program is there already. */
  onProgress?: (line: string) => void;
  /** Told each line that Go writes: hundreds of downloads. */
  onOutput?: (line: string) => void;
  /** @default process.env */
  env?: NodeJS.ProcessEnv;
}

/** From the sources and from the built package alike, both two folders below it. */
const manifestRoot = resolve(__dirname, '../../native');
/** How long one waits for another process that builds the same program. */
const waitMs = 30 * 60_000;
/** The tail of a failed build that goes into its error: lines. */
const shownLines = 15;

async function exists(path: string, mode: number = constants.F_OK): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}

/** The files of a manifest folder. */
export async function readManifest(name: NativeName): Promise<ManifestFile[]> {
  const folder = join(manifestRoot, name);
  const names = await readdir(folder);
  return Promise.all(
    names.map(async (file) => ({
      name: file,
      content: await readFile(join(folder, file), 'utf8'),
    })),
  );
}

/** The Go version that a manifest's go.mod asks for, as `[major, minor]`. */
export function requiredGo(files: readonly ManifestFile[]): [number, number] {
  const goMod = files.find(({ name }) => name === 'go.mod')?.content ?? '';
  const match = /^go (\d+)\.(\d+)/m.exec(goMod);
  if (!match) throw new Error('go.mod names no Go version');
  return [Number(match[1]), Number(match[2])];
}

function remedy(native: Native, [major, minor]: readonly [number, number]): string {
  return (
    `install Go ${major}.${minor} or later from your package manager, or start Docker, ` +
    `or set ${native.override} to ${native.overrideHint}`
  );
}

async function toolchain(
  native: Native,
  required: readonly [number, number],
  env: NodeJS.ProcessEnv,
): Promise<GoToolchain> {
  const go = await findGoToolchain(env);
  const [major, minor] = required;
  if (!go) {
    throw new Error(
      `${native.title} needs Go ${major}.${minor} or later, or Docker, and neither was found: ${remedy(native, required)}`,
    );
  }
  if (go.version[0] < major || (go.version[0] === major && go.version[1] < minor)) {
    throw new Error(
      `${native.title} needs Go ${major}.${minor} or later and found ${go.title}: ${remedy(native, required)}`,
    );
  }
  return go;
}

/** Runs a program's steps in `folder`, a throw-away copy of its manifest, and answers the path of the program there. */
async function compile(
  name: NativeName,
  folder: string,
  files: readonly ManifestFile[],
  go: GoToolchain,
  { onProgress, onOutput }: BuildOptions,
): Promise<string> {
  const native: Native = natives[name];
  // A name that no package folder has; relative, so that it means the same inside a container.
  const out = `${native.binary}.out`;
  const copyManifest = () =>
    Promise.all(
      files.map((file) => copyFile(join(manifestRoot, name, file.name), join(folder, file.name))),
    );
  for (const step of native.steps) {
    // Before each step: the collector's builder writes a go.mod of its own over the committed one.
    await copyManifest();
    const args = step.map((arg) => (arg === '{out}' ? out : arg));
    const result = await retryingModules(() => go.run(args, folder, onOutput), {
      onRetry: (attempt) => onProgress?.(`fetching modules failed (try ${attempt}), trying again`),
    });
    if (result.code !== 0) {
      const tail = result.output.split('\n').slice(-shownLines).join('\n');
      const reason = result.timedOut ? 'took too long' : 'failed';
      throw new Error(`building ${native.title}: go ${args.join(' ')} ${reason}\n${tail}`);
    }
  }
  return join(folder, out);
}

/** What builds that were killed left behind; only the holder of the lock may look. */
async function sweep(folder: string, prefix: string): Promise<void> {
  const entries = await readdir(folder).catch(() => []);
  const left = entries.filter((entry) => entry.startsWith(prefix));
  await Promise.all(left.map((entry) => rm(join(folder, entry), { recursive: true, force: true })));
}

async function fromOverride(native: Native, path: string): Promise<string> {
  const program = resolve(path);
  if (!(await exists(program, constants.X_OK))) {
    throw new Error(`${native.override} names ${program}, which is not a program that can be run`);
  }
  return program;
}

/**
 * The path of a program, which is built first unless it is in the cache: minutes for the collector, half a minute for the
 * others. Processes that want the same one at once build it once.
 *
 * @throws Error that names the remedy, when Go and Docker are missing or Go is too old; with the end of the output, when the
 * build failed.
 */
export async function buildNative(name: NativeName, options: BuildOptions = {}): Promise<string> {
  const { env = process.env, onProgress } = options;
  const native: Native = natives[name];
  const override = env[native.override];
  if (override) return fromOverride(native, override);

  const files = await readManifest(name);
  const cache = cacheFolder(env);
  const path = join(cache, 'bin', cacheKey(native, files, hostPlatform()));
  if (await exists(path, constants.X_OK)) return path;

  const go = await toolchain(native, requiredGo(files), env);
  const work = join(cache, 'work');
  await withFileLock(
    join(cache, 'locks', name),
    async () => {
      if (await exists(path, constants.X_OK)) return;
      onProgress?.(`building ${native.title} ${native.version} with ${go.title}`);
      await sweep(work, `${name}-`);
      const folder = join(work, `${name}-${randomUUID()}`);
      await mkdir(folder, { recursive: true });
      try {
        const built = await compile(name, folder, files, go, options);
        await chmod(built, 0o755);
        await mkdir(join(cache, 'bin'), { recursive: true });
        await rename(built, path);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
    {
      timeoutMs: waitMs,
      onWait: () => onProgress?.(`waiting for another process that builds ${native.title}`),
    },
  );
  return path;
}
