import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import type { ErrorRequestHandler, Request } from 'express';
import type { z } from 'zod';

/** The parts of a request that a route checks. */
export interface RequestSchemas {
  body?: z.ZodType;
  params?: z.ZodType;
  query?: z.ZodType;
}

/** What is wrong with one part, as HyperDX's session routes say it (HyperDX 2.36: zod-express-middleware). */
export interface RequestFault {
  type: 'Body' | 'Params' | 'Query';
  errors: { issues: z.core.$ZodIssue[]; name: 'ZodError' };
}

const parts = { params: 'Params', query: 'Query', body: 'Body' } as const;

function describe({ type, errors }: RequestFault): string {
  const issues = errors.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join('.')}: ${message}`,
  );
  return `${type} validation failed: ${issues.join('; ')}`;
}

/**
 * A request that its schemas refuse. Its message is what HyperDX's external API answers, so `{message, code}` is right
 * there; for session routes {@link hyperdxErrors} answers its faults.
 */
export class InvalidRequest extends TenancyError {
  constructor(readonly faults: readonly RequestFault[]) {
    super('invalid_request', faults.map(describe).join('; '));
  }
}

/** What {@link checkRequest} gives back: each part that was asked for, as its schema makes it. */
export type CheckedRequest<Schemas extends RequestSchemas> = {
  [Part in keyof Schemas]: Schemas[Part] extends z.ZodType ? z.output<Schemas[Part]> : never;
};

/**
 * Checks all parts of a request that a route of HyperDX's looks at, before anything is done.
 * @throws InvalidRequest with every fault of every part; values are not repeated.
 */
export function checkRequest<Schemas extends RequestSchemas>(
  req: Pick<Request, 'body' | 'params' | 'query'>,
  schemas: Schemas,
): CheckedRequest<Schemas> {
  const faults: RequestFault[] = [];
  const checked: Record<string, unknown> = {};
  for (const part of ['params', 'query', 'body'] as const) {
    const schema = schemas[part];
    if (schema === undefined) continue;
    const parsed = schema.safeParse(req[part]);
    if (parsed.success) checked[part] = parsed.data;
    else
      faults.push({
        type: parts[part],
        errors: { issues: parsed.error.issues, name: 'ZodError' },
      });
  }
  if (faults.length > 0) throw new InvalidRequest(faults);
  // Each part came out of its own schema.
  return checked as CheckedRequest<Schemas>;
}

/**
 * Mounted last in a router of HyperDX's session routes: faults of the request as HyperDX's UI knows them, an array with
 * 400. All other errors go on to the application's handler, whose `{message, code}` has HyperDX's `{message}`.
 */
export const hyperdxErrors: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  if (!(error instanceof InvalidRequest) || res.headersSent) {
    next(error);
    return;
  }
  res.status(error.status).json(error.faults);
};
