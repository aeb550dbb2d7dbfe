import { listAdminRoutes } from '@hyperdx-tenancy/domain/contracts/routes';
import type { NamedAdminRoute } from '@hyperdx-tenancy/domain/contracts/routes';
import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { z } from 'zod';

import { buildOpenApi, openApiPath } from '../openapi';
import type { OpenApiOperation } from '../openapi';

const document = buildOpenApi();
const routes = listAdminRoutes();
/** As a client gets it. */
const published = JSON.parse(JSON.stringify(document)) as Record<string, unknown>;

const ref = { type: 'object', required: ['$ref'], properties: { $ref: { type: 'string' } } };
const closed = (properties: object, required: string[]) => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});
const map = (of: object) => ({ type: 'object', additionalProperties: of });
const text = { type: 'string', minLength: 1 };
const content = closed({ 'application/json': closed({ schema: ref }, ['schema']) }, [
  'application/json',
]);

/** What OpenAPI 3.1 says of the objects that the document uses (spec.openapis.org/oas/v3.1.1). */
const format = closed(
  {
    openapi: { type: 'string', pattern: '^3\\.1\\.\\d+$' },
    info: closed({ title: text, version: text, description: text }, ['title', 'version']),
    servers: { type: 'array', items: closed({ url: text }, ['url']), minItems: 1 },
    security: { type: 'array', items: map({ type: 'array', items: text }) },
    tags: { type: 'array', items: closed({ name: text }, ['name']), uniqueItems: true },
    paths: {
      type: 'object',
      propertyNames: { pattern: '^/' },
      additionalProperties: {
        type: 'object',
        propertyNames: { enum: ['get', 'post', 'put', 'patch', 'delete'] },
        additionalProperties: closed(
          {
            operationId: { type: 'string', pattern: '^[a-z][A-Za-z0-9]*$' },
            summary: text,
            description: text,
            tags: { type: 'array', items: text },
            parameters: {
              type: 'array',
              items: closed(
                {
                  name: text,
                  in: { enum: ['path', 'query', 'header'] },
                  required: { type: 'boolean' },
                  schema: { type: 'object' },
                },
                ['name', 'in', 'schema'],
              ),
            },
            requestBody: closed({ required: { type: 'boolean' }, content }, ['content']),
            responses: {
              type: 'object',
              minProperties: 1,
              propertyNames: { pattern: '^[1-5]\\d\\d$' },
              additionalProperties: closed({ description: text, headers: map(ref), content }, [
                'description',
              ]),
            },
          },
          ['operationId', 'responses'],
        ),
      },
    },
    components: closed(
      {
        schemas: { ...map({ type: 'object' }), propertyNames: { pattern: '^[A-Za-z0-9._-]+$' } },
        headers: map(closed({ description: text, schema: { type: 'object' } }, ['schema'])),
        securitySchemes: map({ type: 'object', required: ['type'] }),
      },
      ['schemas', 'securitySchemes'],
    ),
  },
  ['openapi', 'info', 'paths'],
);

const ajv = addFormats(new Ajv2020({ allErrors: true, strict: false }));

function operations(): { route: NamedAdminRoute; operation: OpenApiOperation }[] {
  return routes.map((route) => {
    const operation = document.paths[openApiPath(route.path)]?.[route.method];
    if (!operation) throw new Error(`${route.name} is not in the document`);
    return { route, operation };
  });
}

/** Every value of `$ref` in the document. */
function refsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === '$ref' ? [String(inner)] : refsIn(inner),
  );
}

/** Objects with fields of their own that take others besides. */
function openObjects(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  const isOpen = 'properties' in value && !('additionalProperties' in value);
  return [...(isOpen ? [value] : []), ...Object.values(value).flatMap(openObjects)];
}

describe('the OpenAPI document', () => {
  it('has the form of OpenAPI 3.1', () => {
    const isDocument = ajv.compile(format);
    isDocument(published);
    expect(isDocument.errors).toBeNull();
    // The form is not one that anything has.
    expect(isDocument({ ...published, openapi: '3.0.3' })).toBe(false);
    expect(isDocument({ ...published, paths: { '/x': { get: { responses: {} } } } })).toBe(false);
  });

  it('holds schemas of JSON Schema 2020-12 alone, each usable', () => {
    ajv.addSchema(published, 'document', undefined, false);
    for (const [name, schema] of Object.entries(document.components.schemas)) {
      expect([name, ajv.validateSchema(schema), ajv.errors]).toEqual([name, true, null]);
      expect(ajv.getSchema(`document#/components/schemas/${name}`)).toBeInstanceOf(Function);
    }
    for (const { operation } of operations()) {
      for (const { schema } of operation.parameters) expect(ajv.validateSchema(schema)).toBe(true);
    }
  });

  it('refers to nothing that it does not hold, and holds nothing that it does not refer to', () => {
    const held = Object.entries(document.components)
      .filter(([kind]) => kind !== 'securitySchemes')
      .flatMap(([kind, parts]) => Object.keys(parts).map((name) => `#/components/${kind}/${name}`));
    expect([...new Set(refsIn(published))].sort()).toEqual(held.sort());
  });

  it('has every route of the table, once, with all that it takes and answers, and no other', () => {
    const described = Object.values(document.paths).flatMap((path) => Object.keys(path));
    expect(described).toHaveLength(routes.length);
    const ids = operations().map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { route, operation } of operations()) {
      expect([route.name, Object.keys(operation.responses)]).toEqual([
        route.name,
        Object.keys(route.responses),
      ]);
      expect([route.name, operation.requestBody !== undefined]).toEqual([
        route.name,
        route.body !== undefined,
      ]);
      const named = (place: string) =>
        operation.parameters.filter((one) => one.in === place).map(({ name }) => name);
      const fields = (schema?: z.ZodObject) => Object.keys(schema?.shape ?? {});
      expect(named('path')).toEqual(fields(route.params));
      // Each parameter of the path's own text, and no other.
      expect(named('path')).toEqual([...route.path.matchAll(/:(\w+)/g)].map(([, name]) => name));
      expect(named('query')).toEqual(fields(route.query));
      expect(named('header')).toEqual(fields(route.headers));
    }
  });

  it('notices a field that a contract does not have', () => {
    const { schemas } = document.components;
    for (const [name, schema] of Object.entries(schemas)) {
      // The description of this API is the one answer that another format has the say over.
      if (name === 'OpenapiGetAnswer') continue;
      expect([name, openObjects(schema)]).toEqual([name, []]);
    }
    expect(schemas).toHaveProperty('TenantView.properties.teams.items.additionalProperties', false);
    const isError = ajv.compile(schemas['ErrorBody'] ?? {});
    expect(isError({ message: 'm', code: 'c' })).toBe(true);
    expect(isError({ message: 'm', code: 'c', stack: 's' })).toBe(false);
    expect(isError({ message: 'm' })).toBe(false);
  });

  it('names what comes in apart from what goes out, where one contract is both', () => {
    const Both = z.object({ at: z.string().default('now') });
    const [route] = routes;
    const made = buildOpenApi([
      { ...route!, name: 'x.y', path: '/x', body: Both, responses: { 200: Both } },
    ]);
    expect(Object.keys(made.components.schemas).sort()).toEqual(['XYAnswer', 'XYBodyInput']);
    expect(made.components.schemas['XYAnswer']?.required).toEqual(['at']);
    expect(made.components.schemas['XYBodyInput']?.required).toBeUndefined();
  });

  it('refuses a contract that JSON Schema cannot say', () => {
    const [route] = routes;
    const custom = z.custom<string>(() => true);
    expect(() => buildOpenApi([{ ...route!, responses: { 200: custom } }])).toThrow(/custom/i);
  });
});
