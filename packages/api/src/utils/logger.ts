import { pino } from 'pino';
import type { Logger } from 'pino';

export type { Logger };

/** JSON lines on standard error, which leaves standard output to what a command answers. */
export function createLogger(level: string): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      // A second line of defence: nothing logs these on purpose.
      redact: [
        'password',
        'token',
        'apiKey',
        'secret',
        'authorization',
        '*.password',
        '*.token',
        '*.apiKey',
      ],
    },
    pino.destination({ fd: 2, sync: false }),
  );
}
