import { STATUS_CODES } from 'node:http';

import * as audit from '@hyperdx-tenancy/domain/contracts/audit';
import * as collectorAgent from '@hyperdx-tenancy/domain/contracts/collectorAgent';
import * as collectorGroup from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import * as collectorRollout from '@hyperdx-tenancy/domain/contracts/collectorRollout';
import * as collectorToken from '@hyperdx-tenancy/domain/contracts/collectorToken';
import * as operator from '@hyperdx-tenancy/domain/contracts/operator';
import { ADMIN_BASE, listAdminRoutes } from '@hyperdx-tenancy/domain/contracts/routes';
import type { NamedAdminRoute } from '@hyperdx-tenancy/domain/contracts/routes';
import * as support from '@hyperdx-tenancy/domain/contracts/support';
import * as target from '@hyperdx-tenancy/domain/contracts/target';
import * as tenant from '@hyperdx-tenancy/domain/contracts/tenant';
import { z } from 'zod';

type Json = z.core.JSONSchema.JSONSchema;

export interface OpenApiResponse {
  description: string;
  headers?: Record<string, { $ref: string }>;
  content?: { 'application/json': { schema: { $ref: string } } };
}

export interface OpenApiParameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required: boolean;
  schema: Json;
}

export interface OpenApiOperation {
  operationId: string;
  summary: string;
  description: string;
  tags: [string];
  parameters: OpenApiParameter[];
  requestBody?: {
    required: boolean;
    content: { 'application/json': { schema: { $ref: string } } };
  };
  responses: Record<string, OpenApiResponse>;
}

/** An OpenAPI 3.1 document (spec.openapis.org/oas/v3.1.1), as far as this service uses the format. */
export interface OpenApiDocument {
  openapi: string;
  info: { title: string; version: string; description: string };
  servers: { url: string }[];
  security: Record<string, string[]>[];
  tags: { name: string }[];
  paths: Record<string, Partial<Record<NamedAdminRoute['method'], OpenApiOperation>>>;
  components: {
    schemas: Record<string, Json>;
    headers: Record<string, { description: string; schema: Json }>;
    securitySchemes: Record<string, Record<string, string>>;
  };
}

const DESCRIPTION =
  'Tenants of a HyperDX install, for operators. Every refusal is `{message, code}`; a code never changes its meaning.';

/** Headers of answers, and with which status they come. */
const headers = {
  'x-request-id': {
    description: 'Names the request in the log of the server.',
    comesWith: () => true,
  },
  'retry-after': {
    description: 'Seconds after which it is worth trying again.',
    comesWith: (status: number) => status === 429 || status === 503,
  },
  'www-authenticate': {
    description: 'How to authenticate.',
    comesWith: (status: number) => status === 401,
  },
} as const;

const schemaRef = (id: string): string => `#/components/schemas/${id}`;

/** The names under which contracts are exported; they are the names of the document's schemas. */
const exportedNames = new Map<unknown, string>(
  [
    audit,
    collectorAgent,
    collectorGroup,
    collectorRollout,
    collectorToken,
    operator,
    support,
    target,
    tenant,
  ].flatMap((contracts) =>
    Object.entries(contracts).map(([name, value]) => [value, name] as const),
  ),
);

/** `tenants.create` as `TenantsCreate`. */
function pascalCase(name: string): string {
  return name.replace(/(?:^|\.)(\w)/g, (_match, first: string) => first.toUpperCase());
}

function camelCase(name: string): string {
  const pascal = pascalCase(name);
  return pascal.charAt(0).toLowerCase() + pascal.slice(1);
}

/** Schemas of one direction, each once, under the name that refers to it. */
class Schemas {
  private readonly registry = z.registry<{ id: string }>();
  private readonly names = new Map<z.ZodType, string>();

  /** @param suffix sets the name of a schema apart that the other direction has as well. */
  constructor(
    private readonly io: 'input' | 'output',
    private readonly suffix: (schema: z.ZodType) => string = () => '',
  ) {}

  /** @param fallback the name of a schema that no contract exports. */
  ref(schema: z.ZodType, fallback: string): string {
    let id = this.names.get(schema);
    if (id === undefined) {
      id = (exportedNames.get(schema) ?? fallback) + this.suffix(schema);
      this.registry.add(schema, { id });
      this.names.set(schema, id);
    }
    return schemaRef(id);
  }

  /** All of them as JSON Schema; those that contain one another refer to it. */
  toJson(): Record<string, Json> {
    const { schemas } = z.toJSONSchema(this.registry, { io: this.io, uri: schemaRef });
    return Object.fromEntries(
      Object.entries(schemas).map(([id, { $schema: _dialect, $id: _id, ...schema }]) => [
        id,
        schema,
      ]),
    );
  }
}

/** A group of parameters: each field of its schema is one. */
function parametersOf(
  place: OpenApiParameter['in'],
  schema: z.ZodObject | undefined,
): OpenApiParameter[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input' });
  return Object.entries(properties).map(([name, field]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: typeof field === 'boolean' ? {} : field,
  }));
}

function responseOf(status: number, ref: string | undefined): OpenApiResponse {
  const names = Object.entries(headers)
    .filter(([, { comesWith }]) => comesWith(status))
    .map(([name]) => [name, { $ref: `#/components/headers/${name}` }]);
  return {
    description: STATUS_CODES[status] ?? String(status),
    headers: Object.fromEntries(names) as Record<string, { $ref: string }>,
    ...(ref === undefined ? {} : { content: { 'application/json': { schema: { $ref: ref } } } }),
  };
}

function operationOf(route: NamedAdminRoute, inputs: Schemas, outputs: Schemas): OpenApiOperation {
  const { name, group, summary, role, params, query, headers: own, body } = route;
  const responses = Object.entries(route.responses).map(([status, schema]) => {
    const ref = schema ? outputs.ref(schema, `${pascalCase(name)}Answer`) : undefined;
    return [status, responseOf(Number(status), ref)] as const;
  });
  return {
    operationId: camelCase(name),
    summary,
    description: `For operators of role \`${role}\`${role === 'viewer' ? ' or above' : ''}.`,
    tags: [group],
    parameters: [
      ...parametersOf('path', params),
      ...parametersOf('query', query),
      ...parametersOf('header', own),
    ],
    ...(body
      ? {
          requestBody: {
            // A body that may be left out is one that its schema takes empty.
            required: !body.safeParse(undefined).success,
            content: {
              'application/json': { schema: { $ref: inputs.ref(body, `${pascalCase(name)}Body`) } },
            },
          },
        }
      : {}),
    responses: Object.fromEntries(responses),
  };
}

/** A path of Express as OpenAPI writes it: `/tenants/:id` as `/tenants/{id}`. */
export function openApiPath(path: string): string {
  return path.replace(/:(\w+)/g, '{$1}');
}

/**
 * Describes the admin API: made from the table of its routes alone, so that it cannot say anything else than what the
 * routers validate and what is asked of who calls.
 * @throws Error where a contract cannot be said in JSON Schema (a transformation, a `z.custom`).
 */
export function buildOpenApi(
  routes: readonly NamedAdminRoute[] = listAdminRoutes(),
): OpenApiDocument {
  const outputs = new Schemas('output');
  const answers = new Set(routes.flatMap(({ responses }) => Object.values(responses)));
  const inputs = new Schemas('input', (schema) => (answers.has(schema) ? 'Input' : ''));
  const paths: OpenApiDocument['paths'] = {};
  for (const route of routes) {
    const path = openApiPath(route.path);
    paths[path] = { ...paths[path], [route.method]: operationOf(route, inputs, outputs) };
  }
  return {
    openapi: '3.1.1',
    info: { title: 'HyperDX Tenancy', version: '1', description: DESCRIPTION },
    servers: [{ url: ADMIN_BASE }],
    security: [{ bearer: [] }, { session: [] }],
    tags: [...new Set(routes.map(({ group }) => group))].map((name) => ({ name })),
    paths,
    components: {
      schemas: { ...outputs.toJson(), ...inputs.toJson() },
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, { description }]) => [
          name,
          { description, schema: { type: 'string' } },
        ]),
      ),
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description: "An operator's token, or the API key of a HyperDX user who is an operator.",
        },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'connect.sid',
          description:
            'The HyperDX session of a user who is an operator; changes from pages of other sites are refused.',
        },
      },
    },
  };
}
