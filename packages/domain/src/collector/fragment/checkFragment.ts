import { bootstrapProcessors, isAvailable } from '../available';
import { sections } from '../config';
import type { Component, Fragment, Json, Pipeline, Section } from '../config';
import { strayReference } from '../environment';
import { isJsonList, plainJson } from '../plainJson';
import type { ConfigKind } from '../settings';
import { checkGraph } from './graph';
import { refusal } from './refusal';
import { isReserved, TEAM_EXPORTER } from './reserved';

declare const checked: unique symbol;

/** What operators add to a group's configs, known to leave ours alone; nothing but {@link checkFragment} makes one. */
export interface ParsedFragment {
  readonly [checked]: true;
  readonly kind: ConfigKind;
  readonly parts: Fragment;
  /** True where a pipeline of it ends at the team's exporter. */
  readonly endsAtTeam: boolean;
}

// A type as the collector has them; a name of fewer characters than it takes.
const ID = /^[A-Za-z][A-Za-z0-9_]{0,62}(?:\/[A-Za-z0-9._-]{1,100})?$/;
const PIPELINE_ID = /^(?:logs|traces|metrics)(?:\/[A-Za-z0-9._-]{1,100})?$/;

/** Where ours and the bootstrap's listen, and the collector's own metrics. */
const TAKEN_PORT = /:(?:4317|4318|8888|13133)$/;

/**
 * Checks what an operator wants to add to a group's configs, so that merging it cannot touch what is ours: own components
 * of types that HyperDX's image has, under ids of their own, and own pipelines between them. These may use the bootstrap's
 * processors; in a group of one team they may end at the team's exporter, `clickhouse`.
 *
 * Settings of components are the collector's to judge. They may name its environment (`${env:NAME}`), no file and no address.
 * @param value a parsed YAML document; `null` (an empty one) adds nothing.
 * @throws TenancyError `invalid_request` that names the place.
 */
export function checkFragment(value: unknown, kind: ConfigKind): ParsedFragment {
  const root = record(plainJson(value ?? {}, refusal, checkText), '');
  const service = record(root.service ?? {}, 'service');
  knownKeys(root, [...sections, 'service'], '');
  knownKeys(service, ['extensions', 'pipelines'], 'service');

  const parts: Record<Section, Record<string, Component>> = {
    receivers: components(root, 'receivers'),
    processors: components(root, 'processors'),
    connectors: components(root, 'connectors'),
    exporters: components(root, 'exporters'),
    extensions: components(root, 'extensions'),
  };
  checkSettings(parts);
  const pipelines = Object.fromEntries(
    Object.entries(record(service.pipelines ?? {}, 'service.pipelines')).map(
      ([id, pipeline]): [string, Pipeline] => {
        const at = `service.pipelines.${id}`;
        if (!PIPELINE_ID.test(id)) {
          throw refusal(at, 'a pipeline is called logs/<name>, traces/<name> or metrics/<name>');
        }
        if (isReserved('pipelines', id)) throw refusal(at, "is the platform's own");
        return [id, pipelineOf(pipeline, at)];
      },
    ),
  );
  const extensions = ids(service.extensions ?? [], 'service.extensions');
  for (const id of extensions) {
    if (!Object.hasOwn(parts.extensions, id)) {
      throw refusal('service.extensions', `"${id}" is not defined in extensions`);
    }
  }
  checkGraph(
    { ...parts, pipelines },
    {
      processors: bootstrapProcessors,
      exporters: kind === 'dedicated' ? [TEAM_EXPORTER] : [],
    },
  );
  const endsAtTeam = Object.values(pipelines).some(({ exporters }) =>
    exporters.includes(TEAM_EXPORTER),
  );
  return { kind, parts: { ...parts, pipelines }, endsAtTeam } as ParsedFragment;
}

function checkText(text: string, at: string): void {
  const stray = strayReference(text);
  if (stray !== undefined) {
    throw refusal(at, `"${stray}" is not \${env:NAME}; a group of a pattern is written $$1`);
  }
}

function components(
  root: Readonly<Record<string, Json>>,
  section: Section,
): Record<string, Component> {
  return Object.fromEntries(
    Object.entries(record(root[section] ?? {}, section)).map(
      ([id, settings]): [string, Component] => {
        const at = `${section}.${id}`;
        if (!ID.test(id)) throw refusal(at, 'an id is <type> or <type>/<name>');
        if (!isAvailable(section, id)) throw refusal(at, "HyperDX's collector has no such type");
        // A second agent of the supervisor's would end the first.
        if (isReserved(section, id) || id.startsWith('opamp')) {
          throw refusal(at, "is the platform's own; define one under another name");
        }
        // `filelog:` with nothing behind it means all defaults.
        return [id, settings === null ? {} : record(settings, at)];
      },
    ),
  );
}

/** Settings that name other components, and addresses that are taken. */
function checkSettings(
  parts: Readonly<Record<Section, Readonly<Record<string, Component>>>>,
): void {
  const visit = (value: Json, at: string, key: string): void => {
    if (typeof value === 'string') {
      if (
        (key === 'authenticator' || key === 'storage') &&
        !Object.hasOwn(parts.extensions, value)
      ) {
        throw refusal(at, `"${value}" is no extension of the fragment`);
      }
      if (key === 'endpoint' && !at.startsWith('exporters.') && TAKEN_PORT.test(value)) {
        throw refusal(at, "the port is the platform's own");
      }
    } else if (isJsonList(value)) {
      value.forEach((item, index) => visit(item, `${at}[${index}]`, key));
    } else if (value !== null && typeof value === 'object') {
      for (const [name, item] of Object.entries(value)) visit(item, `${at}.${name}`, name);
    }
  };
  for (const section of sections) {
    for (const [id, settings] of Object.entries(parts[section]))
      visit(settings, `${section}.${id}`, '');
  }
}

function pipelineOf(value: Json, at: string): Pipeline {
  const pipeline = record(value, at);
  knownKeys(pipeline, ['receivers', 'processors', 'exporters'], at);
  return {
    receivers: ids(pipeline.receivers ?? [], `${at}.receivers`),
    // Stated always: a list that is left out could one day be a bootstrap's.
    processors: ids(pipeline.processors ?? [], `${at}.processors`),
    exporters: ids(pipeline.exporters ?? [], `${at}.exporters`),
  };
}

function ids(value: Json, at: string): string[] {
  if (!isJsonList(value) || !value.every((item) => typeof item === 'string')) {
    throw refusal(at, 'must be a list of ids');
  }
  if (new Set(value).size < value.length) throw refusal(at, 'names one of them twice');
  return [...value];
}

function record(value: Json, at: string): Readonly<Record<string, Json>> {
  if (value === null || typeof value !== 'object' || isJsonList(value)) {
    throw refusal(at, at === '' ? 'is no mapping' : 'must be a mapping');
  }
  return value;
}

function knownKeys(
  value: Readonly<Record<string, Json>>,
  known: readonly string[],
  at: string,
): void {
  const stray = Object.keys(value).find((key) => !known.includes(key));
  if (stray !== undefined) {
    throw refusal(at, `has "${stray}", and may have ${known.join(', ')}`);
  }
}
