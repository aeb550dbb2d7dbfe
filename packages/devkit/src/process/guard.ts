import { spawn, type ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';

/**
 * Reads `+ <pid>` and `- <pid>` lines; when its input ends, which the kernel sees to however its parent died, it ends the
 * process groups still on the list: politely first, for good two seconds later.
 */
const script = `
groups=
while read -r op pid; do
  case $op in
    +) groups="$groups $pid" ;;
    -) kept=; for g in $groups; do [ "$g" = "$pid" ] || kept="$kept $g"; done; groups=$kept ;;
  esac
done
for g in $groups; do kill -s TERM -- "-$g" 2>/dev/null; done
[ -n "$groups" ] && sleep 2
for g in $groups; do kill -s KILL -- "-$g" 2>/dev/null; done
exit 0
`;

const watched = new Set<number>();
let guard: ChildProcess | undefined;

function tell(line: string): void {
  guard?.stdin?.write(`${line}\n`);
}

function startGuard(): ChildProcess {
  // A session of its own: Ctrl-C in a terminal reaches the whole foreground group, and the guard must outlive that.
  const child = spawn('/bin/sh', ['-c', script], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    env: { PATH: process.env['PATH'] },
  });
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  child.unref();
  // A pipe to a child is a socket, whatever its declared type: it must not keep this process alive.
  if (child.stdin instanceof Socket) child.stdin.unref();
  return child;
}

/**
 * Ends the process group of `pid` when this process ends, whether by itself, by a signal or by SIGKILL: no handler of ours
 * runs in the last case, so a small shell outside does it.
 */
export function watch(pid: number): void {
  guard ??= startGuard();
  watched.add(pid);
  tell(`+ ${pid}`);
}

/** The opposite of `watch`, for a process that has ended; the guard leaves with the last one. */
export function unwatch(pid: number): void {
  if (!watched.delete(pid)) return;
  tell(`- ${pid}`);
  if (watched.size > 0) return;
  guard?.stdin?.end();
  guard = undefined;
}
