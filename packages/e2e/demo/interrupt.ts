/** How long an interrupted demo may take to end its processes in good order, milliseconds. */
const GRACE_MS = 8_000;
/** What shells answer for a program that ended by SIGINT. */
export const INTERRUPTED_CODE = 130;

/**
 * The demo's reaction to Ctrl-C: a signal that ends whatever is going on. A second Ctrl-C, or a clean-up that takes too long,
 * ends this process at once; devkit's guard then ends its children.
 */
export function onInterrupt(): AbortSignal {
  const abort = new AbortController();
  const giveUp = (): never => process.exit(INTERRUPTED_CODE);
  const interrupt = (): void => {
    if (abort.signal.aborted) giveUp();
    setTimeout(giveUp, GRACE_MS).unref();
    abort.abort(new Error('interrupted'));
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  return abort.signal;
}
