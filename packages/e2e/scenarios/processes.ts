import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Ids of all processes that descend from one, itself left out, however deep. */
export async function descendants(pid: number): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-e', '-o', 'pid=,ppid=']);
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const below = (parent: number): number[] =>
    rows.filter(([, ppid]) => ppid === parent).flatMap(([child = 0]) => [child, ...below(child)]);
  return below(pid);
}

/** Whether a process runs; one that has ended and is not reaped yet does not. */
export async function runs(pid: number): Promise<boolean> {
  const states = await promisify(execFile)('ps', ['-o', 'stat=', '-p', String(pid)]).then(
    ({ stdout }) => stdout.trim(),
    () => '',
  );
  return states !== '' && !states.startsWith('Z');
}
