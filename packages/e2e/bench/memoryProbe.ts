// Loaded into the measured process ahead of its own code (`node -r`): at SIGUSR2 it collects all garbage and writes
// down what is left, so that growth is what the process keeps and not when V8 last cleaned up.
import { renameSync, writeFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const file = process.env['BENCH_MEMORY_FILE'];
if (file !== undefined) {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  process.on('SIGUSR2', () => {
    // The first round runs finalizers whose objects the second one frees.
    collect();
    collect();
    const { heapUsed } = process.memoryUsage();
    // Renamed into place: its reader never sees half of it.
    writeFileSync(`${file}.new`, JSON.stringify({ heapUsed }));
    renameSync(`${file}.new`, file);
  });
}
