import type { Component, Pipeline, Section } from '../config';
import { refusal } from './refusal';

type Parts = Readonly<Record<Section, Readonly<Record<string, Component>>>> & {
  readonly pipelines: Readonly<Record<string, Pipeline>>;
};

/** What the pipelines of a fragment may name although it does not define it. */
interface Given {
  readonly processors: readonly string[];
  readonly exporters: readonly string[];
}

/**
 * Checks the pipelines of a fragment: each has two ends, they name what is defined, everything that is defined is used, and
 * connectors lead from one pipeline to another of the same signal, never in a circle.
 * @throws TenancyError `invalid_request` that names the place.
 */
export function checkGraph(parts: Parts, given: Given): void {
  const { receivers, processors, connectors, exporters, pipelines } = parts;
  const has = (section: Readonly<Record<string, Component>>) => (id: string) =>
    Object.hasOwn(section, id);
  const isConnector = has(connectors);
  const used: Record<string, Set<string>> = {};
  const check = (
    at: string,
    role: 'receivers' | 'processors' | 'exporters',
    named: readonly string[],
    isKnown: (id: string) => boolean,
  ): void => {
    const stray = named.find((id) => !isKnown(id));
    if (stray !== undefined) {
      throw refusal(`${at}.${role}`, `"${stray}" is not defined in the fragment`);
    }
    for (const id of named) (used[role] ??= new Set()).add(id);
  };

  for (const [id, pipeline] of Object.entries(pipelines)) {
    const at = `service.pipelines.${id}`;
    const { processors: list = [] } = pipeline;
    if (pipeline.receivers.length === 0) throw refusal(`${at}.receivers`, 'must not be empty');
    if (pipeline.exporters.length === 0) throw refusal(`${at}.exporters`, 'must not be empty');
    check(at, 'receivers', pipeline.receivers, (name) => has(receivers)(name) || isConnector(name));
    check(
      at,
      'processors',
      list,
      (name) => has(processors)(name) || given.processors.includes(name),
    );
    check(
      at,
      'exporters',
      pipeline.exporters,
      (name) => has(exporters)(name) || isConnector(name) || given.exporters.includes(name),
    );
  }
  for (const role of ['receivers', 'processors', 'exporters'] as const) {
    const idle = Object.keys(parts[role]).find((id) => used[role]?.has(id) !== true);
    if (idle !== undefined) throw refusal(`${role}.${idle}`, 'no pipeline uses it');
  }
  for (const [id, settings] of Object.entries(connectors)) checkConnector(id, settings, pipelines);
  checkCircles(parts);
}

function checkConnector(
  id: string,
  settings: Component,
  pipelines: Readonly<Record<string, Pipeline>>,
): void {
  const at = `connectors.${id}`;
  const named = Object.entries(pipelines);
  const into = named.filter(([, { exporters }]) => exporters.includes(id)).map(([name]) => name);
  const outOf = named.filter(([, { receivers }]) => receivers.includes(id)).map(([name]) => name);
  if (into.length === 0) throw refusal(at, 'no pipeline ends at it');
  if (outOf.length === 0) throw refusal(at, 'no pipeline begins at it');
  const ends = new Set(into.map(signalOf));
  const starts = new Set(outOf.map(signalOf));
  if (ends.size !== starts.size || ![...ends].every((signal) => starts.has(signal))) {
    throw refusal(at, 'has to lead from each signal to the same one');
  }
  const stray = targetsOf(settings).find((target) => !outOf.includes(target));
  if (stray !== undefined) {
    throw refusal(at, `"${stray}" is no pipeline of the fragment that begins at it`);
  }
}

function signalOf(pipelineId: string): string {
  return pipelineId.split('/', 1)[0] ?? '';
}

/** The pipelines that a routing connector names: `default_pipelines`, and `pipelines` of each row of its table. */
function targetsOf(settings: Component): string[] {
  const { default_pipelines: byDefault, table } = settings;
  const rows = Array.isArray(table) ? (table as readonly unknown[]) : [];
  const lists = rows.map((row) =>
    typeof row === 'object' && row !== null && 'pipelines' in row ? row.pipelines : [],
  );
  return [byDefault, ...lists].flatMap((list) =>
    Array.isArray(list) ? list.filter((item): item is string => typeof item === 'string') : [],
  );
}

/** The collector refuses a config in which data comes back to where it was. */
function checkCircles({ connectors, pipelines }: Parts): void {
  const done = new Set<string>();
  const visit = (id: string, path: ReadonlySet<string>): void => {
    if (path.has(id)) throw refusal(`service.pipelines.${id}`, 'leads back to itself');
    if (done.has(id)) return;
    const further = new Set(path).add(id);
    for (const connector of pipelines[id]?.exporters ?? []) {
      if (!Object.hasOwn(connectors, connector)) continue;
      for (const [next, { receivers }] of Object.entries(pipelines)) {
        if (receivers.includes(connector) && signalOf(next) === signalOf(id)) visit(next, further);
      }
    }
    done.add(id);
  };
  for (const id of Object.keys(pipelines)) visit(id, new Set());
}
