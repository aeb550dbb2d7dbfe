import type { TenantId } from '../../ids';
import { literal } from '../config';
import type { Component, Fragment, Pipeline } from '../config';
import { groupBy } from '../groupBy';
import { INGESTION_KEY_MIN_LENGTH } from '../keys';
import type { TenantRoute } from '../teams';
import { UNROUTED } from './unrouted';

/** One of the streams of telemetry in which tenants are told apart. */
export interface Stream {
  readonly signal: 'logs' | 'traces' | 'metrics';
  /** What its pipelines and exporters carry in front of the tenant's id. */
  readonly prefix: '' | 'rrweb-';
}

/** The first router of a stream: where its entry pipeline ends. */
export function firstRouter({ signal, prefix }: Stream): string {
  return `routing/${prefix}${signal}-keys`;
}

/**
 * The value of the `authorization` header that `bearertokenauth` judged: the first, of both HTTP and gRPC.
 * The routing connector's own `request` context compares *every* value, so that a request with the headers
 * [key of A, key of B] would be let in as A and could land at B.
 */
const KEY = 'otelcol.client.metadata["authorization"][0]';

/**
 * Routes one stream to its tenants by ingestion key, in two steps: a router on one character of the key, and
 * behind it one router a character that holds whole keys. A table is walked row by row for every resource of
 * a request: with 1,000 tenants 16 and some 60 rows in place of up to 1,000.
 *
 * All that a router does not know goes to `unrouted`, where it is counted. Authentication lets in nothing but
 * the keys below, so a condition can neither miss its value nor run over its end; should one fail all the
 * same, `error_mode: propagate` refuses the whole request before any part of it has moved on.
 */
export function keyRouters(
  stream: Stream,
  tenants: readonly TenantRoute[],
  exporterOf: (stream: Stream, tenantId: TenantId) => string,
): Fragment {
  const pipeline = (name: string) => `${stream.signal}/${stream.prefix}${name}`;
  const unrouted = pipeline('unrouted');
  const first = firstRouter(stream);
  const position = splitPosition(tenants.flatMap(({ keys }) => keys));
  const groups = groupBy(
    tenants.flatMap(({ tenantId, keys }) => keys.map((key) => ({ key, tenantId }))),
    ({ key }) => key.charAt(position),
  );
  // Names are shown to people: they are numbers in the order of tenants, which says nothing of what the keys are.
  const branches = [...groups].map(([character, routes], index) => {
    const number = index + 1;
    return { character, routes, id: `${first}-${number}`, pipeline: pipeline(`keys-${number}`) };
  });

  const connectors: Record<string, Component> = {
    [first]: router(
      unrouted,
      branches.map((branch) => ({
        condition: `Substring(${KEY}, ${position}, 1) == "${literal(branch.character)}"`,
        pipeline: branch.pipeline,
      })),
    ),
  };
  const pipelines: Record<string, Pipeline> = {
    [unrouted]: {
      receivers: [first, ...branches.map(({ id }) => id)],
      processors: [],
      exporters: [UNROUTED],
    },
  };
  for (const branch of branches) {
    connectors[branch.id] = router(
      unrouted,
      branch.routes.map(({ key, tenantId }) => ({
        condition: `${KEY} == "${literal(key)}"`,
        pipeline: pipeline(tenantId),
      })),
    );
    pipelines[branch.pipeline] = { receivers: [first], processors: [], exporters: [branch.id] };
  }
  for (const { tenantId } of tenants) {
    pipelines[pipeline(tenantId)] = {
      receivers: branches
        .filter(({ routes }) => routes.some((route) => route.tenantId === tenantId))
        .map(({ id }) => id),
      processors: [],
      exporters: [exporterOf(stream, tenantId)],
    };
  }
  return { connectors, pipelines };
}

function router(
  unrouted: string,
  rows: readonly { condition: string; pipeline: string }[],
): Component {
  return {
    error_mode: 'propagate',
    default_pipelines: [unrouted],
    table: rows.map(({ condition, pipeline }) => ({
      context: 'resource',
      condition,
      pipelines: [pipeline],
    })),
  };
}

/**
 * The place, of those that every key has, whose characters part the keys best: the largest group is smallest,
 * the first such place where there are several. HyperDX's keys are UUIDs, which any place parts sixteenfold;
 * keys that begin alike (`acme-prod-...`) would all lie in one group by their first character.
 */
export function splitPosition(keys: readonly string[]): number {
  let best = { position: 0, largest: Infinity };
  for (let position = 0; position < INGESTION_KEY_MIN_LENGTH; position += 1) {
    const groups = groupBy(keys, (key) => key.charAt(position));
    const largest = Math.max(0, ...[...groups.values()].map((group) => group.length));
    if (largest < best.largest) best = { position, largest };
  }
  return best.position;
}
