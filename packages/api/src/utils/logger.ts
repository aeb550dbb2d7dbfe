import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';

import { serializeError } from './errorLog';
import { logFields } from './logScope';

export type { DestinationStream, Logger };

/** Keys whose values are cut out of every line: a second line of defence, since nothing logs them on purpose. */
const SECRET_KEYS = [
  'password',
  'passwords',
  'token',
  'apiKey',
  'firstApiKey',
  'accessKey',
  'secret',
  'secrets',
  'adminToken',
  'collectorToken',
  'mongoUri',
  'authorization',
  'cookie',
  'body',
] as const;

/** As pino's paths: at the top of a line's fields, and up to two levels below. */
const redactedPaths = SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]);

/**
 * JSON lines, by default on standard error, which leaves standard output to what a command answers. Lines of one
 * request carry its `requestId`. Errors are written under `err`, without what their texts may quote.
 */
export function createLogger(
  level: string,
  destination: DestinationStream = pino.destination({ fd: 2, sync: false }),
): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      mixin: logFields,
      serializers: { err: serializeError, error: serializeError, cause: serializeError },
      redact: { paths: redactedPaths, censor: '[redacted]' },
      hooks: {
        // Without a text of its own, a line would say the error's, which is not filtered.
        logMethod(args, method) {
          const [first, ...rest] = args;
          if (typeof first === 'string' || rest.length > 0) method.apply(this, args);
          else method.apply(this, [first, 'error']);
        },
      },
    },
    destination,
  );
}
