import { gaps } from '../../../../clickhouse/__tests__/isolation/gaps';
import type { Probe } from '../../../../clickhouse/__tests__/isolation/probe';
import { catalog } from '../../../../clickhouse/__tests__/isolation/probes/catalog';
import { changes } from '../../../../clickhouse/__tests__/isolation/probes/change';
import { outward, reads } from '../../../../clickhouse/__tests__/isolation/probes/read';
import { settings } from '../../../../clickhouse/__tests__/isolation/probes/setting';
import { hostile } from '../../guard/hostile';
import type { Hostile } from '../../guard/hostile';
import type { Attack, Control } from '../attack';
import { operatorMay, operatorReaches, operatorReads, operatorSees } from '../controls';
import type { Site } from '../site';

type Parameters = Readonly<Record<string, string>>;

const attack = (
  mechanism: string,
  sql: string,
  control: Control,
  { parameters = {}, refused }: { parameters?: Parameters; refused: boolean },
): Attack => ({
  mechanism,
  sends: (at) => [at.request({ sql, query: Object.entries(parameters) })],
  ...(refused && { refused: true as const }),
  control,
});

function controlOf({ sql, parameters = {}, control }: Probe): Control {
  const asked = control.sql ?? sql;
  const given = { ...parameters, ...control.parameters };
  if (control.shows === 'connection') return operatorReaches(asked, given);
  if (control.shows === 'success') return operatorMay(asked, given, control.before);
  return operatorSees(asked, given);
}

/** Set by the service whatever is said: left out without a word. */
const dropped = 'setting: readonly off';

/** What a reader of ClickHouse is denied, the guard refuses; except what it narrows to the tenant's own. */
const ofProbe = (probe: Probe): Attack =>
  attack(probe.mechanism, probe.sql, controlOf(probe), {
    ...(probe.parameters && { parameters: probe.parameters }),
    refused: probe.expect === 'denied' && probe.mechanism !== dropped,
  });

const valuesOf = (values: Parameters = {}): Parameters =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`param_${name}`, value]));

function ofHostile({ mechanism, sql, values, control, narrowed }: Hostile): Attack {
  const parameters = valuesOf(values);
  const proof = control === 'canary' ? operatorSees : operatorMay;
  return attack(`past the guard: ${mechanism}`, sql, proof(sql, parameters), {
    parameters,
    refused: narrowed !== true,
  });
}

const toItself = new Set(['url: the server itself', 'url: columns']);

/** Statements that are attacks by themselves, sent as HyperDX sends its own. */
export const statements = (site: Site): readonly Attack[] => [
  ...gaps.map(({ mechanism, sql, parameters, shows }) => {
    const proof = operatorReads(sql, new RegExp(site.told(shows.source), shows.flags), parameters);
    return attack(`past grants: ${mechanism}`, sql, proof, {
      ...(parameters && { parameters }),
      refused: true,
    });
  }),
  // What no engine would run either proves nothing.
  ...hostile.filter(({ control }) => control !== 'refused').map(ofHostile),
  ...[
    ...reads,
    ...outward(site.lure.port, site.clickhouse.url),
    ...catalog,
    ...settings,
    ...changes,
  ]
    // ClickHouse has a password here: the way to it is among the surroundings.
    .filter(({ as, mechanism }) => as !== 'writer' && !toItself.has(mechanism))
    .map(ofProbe),
];
