import { existsSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { runProbe } from './probe';

/** A daemon that is there answers in milliseconds; the rest is for starting Node.js on a busy machine. */
const probeMs = 10_000;

/** Where testcontainers looks for a daemon: the places that can be looked at without asking anybody. */
function places(env: NodeJS.ProcessEnv): string[] {
  const runtimeDir = env['XDG_RUNTIME_DIR'];
  return [
    join(homedir(), '.testcontainers.properties'),
    '/var/run/docker.sock',
    ...(runtimeDir === undefined ? [] : [join(runtimeDir, 'docker.sock')]),
    join(homedir(), '.docker', 'run', 'docker.sock'),
    join(homedir(), '.docker', 'desktop', 'docker.sock'),
    join('/run', 'user', String(userInfo().uid), 'docker.sock'),
  ];
}

let answer: boolean | undefined;

/**
 * Whether a Docker daemon answers testcontainers. Asked once: where no sign of a daemon is found, nobody is asked at all.
 * Blocks for as long as the answer takes, since tests are registered by it before anything can be awaited.
 */
export function dockerAnswers(env: NodeJS.ProcessEnv = process.env): boolean {
  answer ??= (Boolean(env['DOCKER_HOST']) || places(env).some(existsSync)) && ask();
  return answer;
}

function ask(): boolean {
  try {
    return runProbe('docker', probeMs) === true;
  } catch {
    // No daemon, a dead one, one that refuses us: no containers either way.
    return false;
  }
}
