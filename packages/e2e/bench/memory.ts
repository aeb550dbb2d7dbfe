import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { waitFor } from '@hyperdx-tenancy/devkit/process';
import { z } from 'zod';

import { residentBytes } from './processes';

/** What a process holds once its garbage is collected, in bytes. */
export interface MemoryUse {
  /** Resident set: what the machine gives it. */
  rss: number;
  /** V8's heap: what its JavaScript keeps. */
  heap: number;
}

/** Measures the memory of a Node process that was started with its `env`. */
export interface MemoryMeter {
  env: Record<string, string>;
  measure(pid: number, signal: AbortSignal): Promise<MemoryUse>;
  close(): Promise<void>;
}

const Written = z.object({ heapUsed: z.number() });
const PROBE_TIMEOUT_MS = 15_000;

export async function openMemoryMeter(): Promise<MemoryMeter> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-memory-'));
  const file = join(folder, 'use.json');
  return {
    env: {
      // Quoted, as NODE_OPTIONS wants a path that may hold spaces.
      NODE_OPTIONS: `-r ${JSON.stringify(join(__dirname, 'memoryProbe.js'))}`,
      BENCH_MEMORY_FILE: file,
    },
    async measure(pid, signal) {
      await rm(file, { force: true });
      process.kill(pid, 'SIGUSR2');
      const written = await waitFor(() => readFile(file, 'utf8'), {
        what: `process ${pid} to collect its garbage`,
        timeoutMs: PROBE_TIMEOUT_MS,
        signal,
      });
      return {
        rss: await residentBytes(pid),
        heap: Written.parse(JSON.parse(written)).heapUsed,
      };
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}
