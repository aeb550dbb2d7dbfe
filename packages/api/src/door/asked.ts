import type { IncomingMessage } from 'node:http';

import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';

import { MAX_FORM_BYTES, MAX_STATEMENT_BYTES } from './body';
import type { Bodies } from './body';
import { multipartFields } from './multipart';
import { addParameters } from './parameters';
import type { Parameters } from './parameters';
import { utf8 } from './utf8';

/** A statement with all that came with it. */
export interface Asked {
  text: string;
  parameters: Parameters;
  /** Says that the body is needed no more. */
  release: () => void;
}

const isForm = (contentType: string): boolean => /^multipart\/form-data\b/i.test(contentType);

function checkStatement(text: string): string {
  if (text.trim() === '') throw new TenancyError('invalid_request', 'query: is empty.');
  // Bytes are at least as many as characters.
  if (text.length > MAX_STATEMENT_BYTES || Buffer.byteLength(text) > MAX_STATEMENT_BYTES) {
    throw new TenancyError('payload_too_large', `query: longer than ${MAX_STATEMENT_BYTES} bytes.`);
  }
  return text;
}

function fromForm(body: Buffer, contentType: string, parameters: Parameters): string {
  const fields = multipartFields(body, contentType);
  const login = fields.find(([name]) => name === 'user' || name === 'password');
  // Read from the head alone, before the body.
  if (login) throw new TenancyError('invalid_request', `${login[0]}: cannot be part of a form.`);
  addParameters(parameters, fields);
  return parameters.interface.get('query') ?? '';
}

function joined(inUrl: string, body: string): string {
  return inUrl === '' || body === '' ? inUrl + body : `${inUrl}\n${body}`;
}

/**
 * Reads statement and values as ClickHouse does: the URL's `query`, a line end, then the body, whatever its type; or the
 * fields of a multipart form, which count like parameters of the URL.
 * @param parameters of the URL; a form's are added to them.
 * @throws TenancyError as `Bodies.read` and `sortParameters`.
 */
export async function readRequest(
  req: IncomingMessage,
  parameters: Parameters,
  bodies: Bodies,
  tenant: TenantId,
): Promise<Asked> {
  const contentType = req.headers['content-type'] ?? '';
  const form = isForm(contentType);
  const limit = form ? MAX_FORM_BYTES : MAX_STATEMENT_BYTES;
  const { body, release } = await bodies.read(req, limit, tenant);
  try {
    const text = form
      ? fromForm(body, contentType, parameters)
      : joined(parameters.interface.get('query') ?? '', utf8(body, 'body'));
    return { text: checkStatement(text), parameters, release };
  } catch (error) {
    release();
    throw error;
  }
}
