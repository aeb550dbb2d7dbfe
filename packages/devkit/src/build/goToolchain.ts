import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { hostPlatform } from './cacheKey';
import { cacheFolder } from './cacheFolder';
import { runCommand, type CommandResult } from './runCommand';

/** Something that runs `go` command lines in a folder. */
export interface GoToolchain {
  /** How messages name it: "go 1.26.8", "golang:1.26 in Docker". */
  readonly title: string;
  /** Go's version, as `[major, minor]`. */
  readonly version: readonly [number, number];
  run(
    args: readonly string[],
    cwd: string,
    onLine?: (line: string) => void,
  ): Promise<CommandResult>;
}

/** The image that builds where Go is not installed. */
const image = 'golang:1.26';
/** One `go` command; the collector takes two minutes on two cores with an empty cache. */
const timeoutMs = 30 * 60_000;

/**
 * What every build sets: modules are checked against the committed go.sum (`-mod=mod` adds what another platform needs), no C
 * compiler, no toolchain downloaded behind one's back, no go.work of a folder above.
 */
const settings = {
  GOFLAGS: '-mod=mod',
  CGO_ENABLED: '0',
  GOTOOLCHAIN: 'local',
  GOWORK: 'off',
} as const;

/** "go version go1.26.8 linux/amd64" -> [1, 26]. */
export function parseGoVersion(output: string): [number, number] | undefined {
  const match = /\bgo(\d+)\.(\d+)/.exec(output);
  return match ? [Number(match[1]), Number(match[2])] : undefined;
}

async function localGo(env: NodeJS.ProcessEnv): Promise<GoToolchain | undefined> {
  const goEnv = { ...env, ...settings };
  const probe = await runCommand('go', ['version'], { env: goEnv, timeoutMs: 20_000 }).catch(
    () => undefined,
  );
  const version = probe?.code === 0 ? parseGoVersion(probe.output) : undefined;
  if (!version) return undefined;
  return {
    title: `go ${version.join('.')}`,
    version,
    run: (args, cwd, onLine) => runCommand('go', args, { cwd, env: goEnv, timeoutMs, onLine }),
  };
}

/** The `docker run` command line of one `go` command, for the machine that Docker runs on to build and this one to run. */
export function dockerArgs(
  args: readonly string[],
  cwd: string,
  cache: string,
  user: { uid: number; gid: number } | undefined,
): string[] {
  const { os, arch } = hostPlatform();
  const env = {
    ...settings,
    GOOS: os,
    GOARCH: arch,
    HOME: '/cache',
    GOPATH: '/cache/go',
    GOCACHE: '/cache/go-build',
    // Module files are read-only by default, and a user's cache folder should be removable.
    GOFLAGS: `${settings.GOFLAGS} -modcacherw`,
  };
  return [
    'run',
    '--rm',
    ...(user ? ['--user', `${user.uid}:${user.gid}`] : []),
    '--volume',
    `${cwd}:/src`,
    '--volume',
    `${cache}:/cache`,
    '--workdir',
    '/src',
    ...Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    image,
    // Ending the client does not end the container.
    'timeout',
    String(timeoutMs / 1_000),
    'go',
    ...args,
  ];
}

async function dockerGo(env: NodeJS.ProcessEnv): Promise<GoToolchain | undefined> {
  const probe = await runCommand('docker', ['version', '--format', '{{.Server.Version}}'], {
    env,
    timeoutMs: 5_000,
  }).catch(() => undefined);
  if (probe?.code !== 0) return undefined;
  const cache = join(cacheFolder(env), 'docker-go');
  await mkdir(cache, { recursive: true });
  // Files that the container makes belong to the user who runs it, not to root.
  const user =
    process.getuid && process.getgid ? { uid: process.getuid(), gid: process.getgid() } : undefined;
  return {
    title: `${image} in Docker`,
    version: [1, 26],
    run: (args, cwd, onLine) =>
      runCommand('docker', dockerArgs(args, cwd, cache, user), { env, timeoutMs, onLine }),
  };
}

/** Go as installed, else in Docker, else nothing. */
export async function findGoToolchain(
  env: NodeJS.ProcessEnv = process.env,
): Promise<GoToolchain | undefined> {
  return (await localGo(env)) ?? (await dockerGo(env));
}
