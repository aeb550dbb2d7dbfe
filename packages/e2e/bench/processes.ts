import { readdir, readFile, writeFile } from 'node:fs/promises';

/** `sysconf(_SC_CLK_TCK)`: Linux shows times in /proc in hundredths of a second on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Fields of /proc/<pid>/stat, counted from the one after the name, which may itself hold spaces and parentheses (proc_pid_stat(5)). */
const PARENT = 1;
const USER_TICKS = 11;
const SYSTEM_TICKS = 12;

async function statFields(pid: number): Promise<number[]> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  return stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
}

/** Seconds of processor time that a process and all its threads have used since it started. */
export async function cpuSeconds(pid: number): Promise<number> {
  const fields = await statFields(pid);
  return ((fields[USER_TICKS] ?? NaN) + (fields[SYSTEM_TICKS] ?? NaN)) / TICKS_PER_SECOND;
}

async function statusBytes(pid: number, name: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const kibibytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
  if (kibibytes === undefined) throw new Error(`/proc/${pid}/status has no ${name}`);
  return Number(kibibytes) * 1_024;
}

/** Bytes of memory that the machine gives a process (its resident set). */
export async function residentBytes(pid: number): Promise<number> {
  return statusBytes(pid, 'VmRSS');
}

/** The most of it since the process started, or since {@link forgetPeak}. */
export async function peakResidentBytes(pid: number): Promise<number> {
  return statusBytes(pid, 'VmHWM');
}

/** Has the kernel count a process's peak from now on (proc(5), `clear_refs`). */
export async function forgetPeak(pid: number): Promise<void> {
  await writeFile(`/proc/${pid}/clear_refs`, '5');
}

/** Files, sockets and pipes that a process holds open. */
export async function openFiles(pid: number): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`)).length;
}

/** How many of them it may hold open (`ulimit -n`). */
export async function openFilesLimit(pid: number): Promise<number> {
  const limits = await readFile(`/proc/${pid}/limits`, 'utf8');
  return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1]);
}

/**
 * The one child of a process.
 * @throws Error where it has none, or several.
 */
export async function onlyChild(pid: number): Promise<number> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const children: number[] = [];
  for (const other of pids) {
    // One that ends meanwhile is nobody's child.
    const parent = await statFields(other).then(
      (fields) => fields[PARENT],
      () => undefined,
    );
    if (parent === pid) children.push(other);
  }
  const [child, ...more] = children;
  if (child === undefined || more.length > 0) {
    throw new Error(`process ${pid} has ${children.length} children`);
  }
  return child;
}
