import type { Collector } from './stack';

/** Lines of a supervisor's log, which it writes as JSON; its collector's own, between them, are not. */
function* linesOf({ supervisor }: Pick<Collector, 'supervisor'>, message: string) {
  for (const line of supervisor.logs().split('\n')) {
    if (line.startsWith('{') && line.includes(message)) {
      yield JSON.parse(line) as { ts: number; hash?: string };
    }
  }
}

/** When a supervisor was given a config, each time that it was; seconds since 1970. @param hash as the server says it. */
export function offersOf(collector: Pick<Collector, 'supervisor'>, hash: string): number[] {
  return [...linesOf(collector, 'Received remote config from server')]
    .filter((line) => line.hash === hash)
    .map(({ ts }) => ts);
}

/** How often a collector was started, or told to read its config again. */
export function turnsOf(collector: Pick<Collector, 'supervisor'>): number {
  return ['Agent process started', 'Config updated, restart'].flatMap((message) => [
    ...linesOf(collector, message),
  ]).length;
}
