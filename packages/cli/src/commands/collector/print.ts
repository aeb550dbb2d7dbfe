import type { Agent, WholeAgent } from '../../collectorAnswers';
import { printFields, printJson, printTable } from '../../output';

type Field = [name: string, value: string];

const health = (healthy: boolean | null): string =>
  healthy === null ? 'not said' : healthy ? 'yes' : 'no';

/** `failed, revision 12` */
function config({ config: { state, revision } }: Agent): string {
  return revision === null ? state : `${state}, revision ${revision}`;
}

/** `yes, websocket`, or since when it is not. */
function connected({ connected, transport, seenAt }: Agent): string {
  return connected ? `yes, ${transport}` : `seen ${seenAt}`;
}

/** Several collectors, a line each. */
export function printAgents(agents: readonly Agent[], json: boolean): void {
  if (json) {
    printJson(agents);
    return;
  }
  printTable(
    ['collector', 'group', 'host', 'connected', 'config', 'healthy', 'reason'],
    agents.map((agent) => [
      agent.instanceUid,
      agent.group,
      agent.attributes['host.name'] ?? '',
      connected(agent),
      config(agent),
      health(agent.healthy),
      agent.config.reason ?? agent.lastError ?? '',
    ]),
  );
}

function problems({ config: { reason }, lastError }: Agent): Field[] {
  return [
    ...(reason === null ? [] : ([['reason', reason]] satisfies Field[])),
    ...(lastError === null ? [] : ([['last error', lastError]] satisfies Field[])),
  ];
}

/** One collector, without the config that it says it runs. */
export function printAgent(agent: WholeAgent, json: boolean): void {
  if (json) {
    printJson(agent);
    return;
  }
  const { components, effectiveConfigAt, healthyChangedAt } = agent;
  printFields([
    ['collector', agent.instanceUid],
    ['group', agent.group],
    ...Object.entries(agent.attributes),
    ['connected', connected(agent)],
    ['first seen', agent.firstSeenAt],
    ['config', config(agent)],
    ...(agent.config.hash === null ? [] : ([['hash', agent.config.hash]] satisfies Field[])),
    [
      'healthy',
      `${health(agent.healthy)}${healthyChangedAt === null ? '' : `, since ${healthyChangedAt}`}`,
    ],
    ...problems(agent),
    ['capabilities', agent.capabilities.join(' ')],
    ...Object.entries(components ?? {}).map(([kind, types]): Field => [kind, types.join(' ')]),
    ['its config', effectiveConfigAt === null ? 'not kept' : `kept, of ${effectiveConfigAt}`],
  ]);
}
