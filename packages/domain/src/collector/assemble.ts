import { TenancyError } from '../errors';
import { bootstrapProcessors, isAvailable } from './available';
import { typeOf } from './componentTypes';
import { sections } from './config';
import type { CollectorConfig, Component, Fragment, Pipeline } from './config';

/**
 * Puts fragments together into one config, and refuses what a collector would refuse or silently ignore:
 * a component type that HyperDX's image lacks, one id defined twice, a pipeline without an end, a name
 * that nothing defines, a component that nothing uses.
 * @throws TenancyError `internal`: whatever the tenants are, their config is to be whole.
 */
export function assemble(fragments: readonly Fragment[]): CollectorConfig {
  const definitions = Object.fromEntries(
    sections.map((section) => [
      section,
      union(
        section,
        fragments.map((fragment) => fragment[section]),
      ),
    ]),
  ) as Record<(typeof sections)[number], Record<string, Component>>;
  const pipelines = union(
    'pipelines',
    fragments.map((fragment) => fragment.pipelines),
  );

  for (const section of sections) {
    for (const id of Object.keys(definitions[section])) {
      if (!isAvailable(section, id)) {
        throw fault(`${section} of HyperDX's image lack "${typeOf(id)}"`);
      }
    }
  }
  checkPipelines(definitions, pipelines);

  const extensions = Object.keys(definitions.extensions);
  return {
    ...Object.fromEntries(
      sections
        .filter((section) => Object.keys(definitions[section]).length > 0)
        .map((section) => [section, definitions[section]]),
    ),
    service: { ...(extensions.length > 0 && { extensions: extensions.sort() }), pipelines },
  };
}

function union<T>(
  what: string,
  parts: readonly (Readonly<Record<string, T>> | undefined)[],
): Record<string, T> {
  const all: Record<string, T> = {};
  for (const [id, value] of parts.flatMap((part) => Object.entries(part ?? {}))) {
    if (Object.hasOwn(all, id)) throw fault(`"${id}" is defined twice in ${what}`);
    all[id] = value;
  }
  return all;
}

function checkPipelines(
  definitions: Record<(typeof sections)[number], Record<string, Component>>,
  pipelines: Record<string, Pipeline>,
): void {
  const inputs = new Set<string>();
  const outputs = new Set<string>();
  for (const [id, { receivers, processors, exporters }] of Object.entries(pipelines)) {
    if (receivers.length === 0) throw fault(`pipeline "${id}" has no receivers`);
    if (exporters.length === 0) throw fault(`pipeline "${id}" has no exporters`);
    const stray = processors?.find(
      (processor) =>
        !bootstrapProcessors.includes(processor) &&
        !Object.hasOwn(definitions.processors, processor),
    );
    if (stray !== undefined) throw fault(`pipeline "${id}" names the processor "${stray}"`);
    for (const receiver of receivers) inputs.add(receiver);
    for (const exporter of exporters) outputs.add(exporter);
  }
  // A connector is the end of one pipeline and the start of another: it has to be used as both.
  const { receivers, connectors, exporters } = definitions;
  compare('receiver', inputs, [...Object.keys(receivers), ...Object.keys(connectors)]);
  compare('exporter', outputs, [...Object.keys(exporters), ...Object.keys(connectors)]);
}

function compare(role: string, used: ReadonlySet<string>, defined: readonly string[]): void {
  const idle = defined.find((id) => !used.has(id));
  if (idle !== undefined) throw fault(`"${idle}" is the ${role} of no pipeline`);
  const known = new Set(defined);
  for (const id of used) if (!known.has(id)) throw fault(`the ${role} "${id}" is not defined`);
}

function fault(what: string): TenancyError {
  return new TenancyError('internal', `The collector config is not whole: ${what}.`);
}
