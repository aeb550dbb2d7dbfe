import { TenancyError } from '@hyperdx-tenancy/domain/errors';

import type { Admitted, Fleet } from '../fleet';
import type { Admission, Credentials, Pass } from './admission';
import type { Connections } from './connections';
import type { AgentRegistry } from './registry';

export interface DoorkeeperOptions {
  fleet: Fleet;
  admission: Admission;
  agents: AgentRegistry;
  connections: Connections;
  limits: { maxAgents: number; maxAgentsPerToken: number };
}

/** How long a config may take that nobody asked for before. */
const CONFIG_MS = 10_000;

/** When there may be room again. */
const RETRY_SECONDS = 30;

function tooMany(): TenancyError {
  return new TenancyError('too_many_agents', 'As many agents are here as there may be.', {
    retryAfterSeconds: RETRY_SECONDS,
  });
}

/** Decides from the head of a request whether it is let in: whose it is, and whether there is room. */
export class Doorkeeper {
  private isStopping = false;

  constructor(private readonly options: DoorkeeperOptions) {}

  /** From now on agents are asked to come back: to another process. */
  stop(): void {
    this.isStopping = true;
  }

  /**
   * @param namedUid the instance UID in the head of the request, if it is there.
   * @throws TenancyError `mongo_unavailable`, `unauthorized`, `token_revoked`, `too_many_agents`.
   */
  poll(credentials: Credentials, namedUid: () => string | undefined): Admitted {
    const { fleet, admission, agents } = this.options;
    if (!fleet.ready) throw new TenancyError('mongo_unavailable', 'Configs are not read yet.');
    const admitted = admission.admit(credentials);
    if (agents.isFull(admitted.token)) {
      const uid = namedUid();
      // One that does not name itself is refused when its message is read.
      const known = uid === undefined || agents.find(admitted.shard, uid)?.gone === false;
      if (!known) throw tooMany();
    }
    return admitted;
  }

  /** The same for a connection that is to stay open. @throws also `overloaded` while this process stops. */
  connect(credentials: Credentials): Pass {
    const { fleet, admission, connections, limits } = this.options;
    if (this.isStopping) {
      throw new TenancyError('overloaded', 'This process stops.', { retryAfterSeconds: 1 });
    }
    if (!fleet.ready) throw new TenancyError('mongo_unavailable', 'Configs are not read yet.');
    const pass = admission.pass(credentials);
    const isFull =
      connections.size >= limits.maxAgents || connections.sizeOf(pass) >= limits.maxAgentsPerToken;
    if (isFull) throw tooMany();
    return pass;
  }

  /**
   * Waits for the config of a shard that nobody asked for lately; `undefined` where it is at hand.
   * @throws TenancyError `overloaded` where it takes too long.
   */
  config({ shard }: Admitted): Promise<void> | undefined {
    const config = this.options.fleet.ensure(shard);
    if (!config) return undefined;
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        reject(new TenancyError('overloaded', 'The config is not ready yet.'));
      }, CONFIG_MS);
      void config.finally(() => {
        clearTimeout(late);
        resolve();
      });
    });
  }
}
