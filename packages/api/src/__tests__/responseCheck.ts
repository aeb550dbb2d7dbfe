import { ADMIN_BASE, listAdminRoutes } from '@hyperdx-tenancy/domain/contracts/routes';
import Ajv2020 from 'ajv/dist/2020';
import type { ValidateFunction } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';

import { buildOpenApi, openApiPath } from '../openapi';

/** What is compared of an answer. */
export interface ReceivedAnswer {
  status: number;
  headers: Headers;
  text: string;
}

const published = JSON.parse(JSON.stringify(buildOpenApi())) as object;
const ajv = addFormats(new Ajv2020({ allErrors: true, strict: false }));
ajv.addSchema(published, 'openapi', undefined, false);

const ERROR_BODY = 'openapi#/components/schemas/ErrorBody';

const routes = listAdminRoutes().map((route) => ({
  ...route,
  // As Express matches: regardless of case, a slash at the end ignored.
  regExp: new RegExp(`^${ADMIN_BASE}${route.path.replace(/:\w+/g, '[^/]+')}/?$`, 'i'),
}));

function validator(pointer: string): ValidateFunction {
  const validate = ajv.getSchema(pointer);
  if (!validate) throw new Error(`The OpenAPI document has no ${pointer}.`);
  return validate;
}

/** The validator of an answer's body; `null` where it must have none. */
function expectedBody(method: string, path: string, status: number): ValidateFunction | null {
  const route = routes.find((one) => one.method === method.toLowerCase() && one.regExp.test(path));
  if (!route) {
    // No such route: a refusal, whichever it is.
    if (status >= 400) return validator(ERROR_BODY);
    throw new Error(`${method} ${path}: answered ${status}, and is not in the OpenAPI document.`);
  }
  if (!(status in route.responses)) {
    throw new Error(
      `${method} ${route.path}: answered ${status}, which is not in the OpenAPI document.`,
    );
  }
  if (route.responses[status] === null) return null;
  const pointer = ['paths', openApiPath(route.path), route.method, 'responses', String(status)];
  const escaped = [...pointer, 'content', 'application/json', 'schema'].map((part) =>
    encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')),
  );
  return validator(`openapi#/${escaped.join('/')}`);
}

/**
 * Compares an answer of the admin API with the OpenAPI document; other answers are none of its business.
 * @param url path and query of the request.
 * @throws Error naming the route and what differs.
 */
export function checkAnswer(method: string, url: string, answer: ReceivedAnswer): void {
  const path = url.split('?', 1)[0] ?? '';
  if (!path.toLowerCase().startsWith(`${ADMIN_BASE}/`)) return;
  const { status, headers, text } = answer;
  const where = `${method} ${path}: answered ${status}`;
  if (!headers.has('x-request-id')) throw new Error(`${where} without x-request-id.`);
  const validate = expectedBody(method, path, status);
  if (!validate) {
    if (text !== '') throw new Error(`${where} with a body, which must be empty: ${text}`);
    return;
  }
  if (headers.get('content-type')?.startsWith('application/json') !== true) {
    throw new Error(`${where} with content-type ${String(headers.get('content-type'))}.`);
  }
  if (!validate(JSON.parse(text))) {
    throw new Error(
      `${where} with a body that the OpenAPI document does not allow: ` +
        `${ajv.errorsText(validate.errors, { dataVar: 'body' })}: ${text}`,
    );
  }
}
