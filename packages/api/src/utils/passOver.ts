import type { IncomingMessage } from 'node:http';

/** How long the rest of a refused body is read, so that its sender gets to the answer instead of a reset connection. */
const PASS_OVER_MS = 10_000;

/** Reads what nobody wants to its end; a sender that goes on and on is cut off. */
export function passOver(req: IncomingMessage): void {
  if (req.complete) return;
  req.resume();
  const timer = setTimeout(() => req.destroy(), PASS_OVER_MS).unref();
  req.once('close', () => clearTimeout(timer));
}
