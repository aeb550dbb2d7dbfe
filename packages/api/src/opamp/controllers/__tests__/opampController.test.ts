import { Metrics } from '../../../metrics';
import { createLogger } from '../../../utils/logger';
import { opamp } from '../../proto/gen/opamp';
import { Offers } from '../../services/offers';
import { Progress } from '../../services/progress';
import { AgentRegistry } from '../../services/registry';
import { createOpampController } from '../opampController';

const { AgentToServer, RemoteConfigStatuses } = opamp.proto;
const shared = { kind: 'shared', target: 'default' } as const;

it('walks over the teams for their secrets only where an agent reports an error, not with every poll', () => {
  const log = createLogger('silent');
  const offers = new Offers({
    load: () => Promise.reject(new Error('not read here')),
    revision: () => Promise.resolve(0),
    onChange: () => () => undefined,
    build: () => undefined,
    log,
  });
  const secrets = jest.spyOn(offers, 'secrets');
  const controller = createOpampController({
    offers,
    agents: new AgentRegistry(),
    progress: new Progress({
      write: () => Promise.resolve(),
      forget: () => Promise.resolve(),
      log,
    }),
    log,
    metrics: new Metrics(),
  });
  const say = (sequenceNum: number, fields: opamp.proto.AgentToServer.$Properties = {}): void => {
    const instanceUid = Buffer.alloc(16, 1);
    controller.handle(
      shared,
      AgentToServer.encode({ instanceUid, sequenceNum, ...fields }).finish(),
    );
  };

  say(1, { agentDescription: {} });
  for (let sequence = 2; sequence < 10; sequence += 1) say(sequence);
  expect(secrets).not.toHaveBeenCalled();

  say(10, {
    remoteConfigStatus: {
      lastRemoteConfigHash: Buffer.from('aa', 'hex'),
      status: RemoteConfigStatuses.RemoteConfigStatuses_FAILED,
      errorMessage: 'no',
    },
  });
  expect(secrets).toHaveBeenCalledTimes(1);
});
