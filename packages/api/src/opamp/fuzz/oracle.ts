import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import type { ErrorCode } from '@hyperdx-tenancy/domain/errors';

import type { Outgoing } from '../services/connections';
import { opamp } from '../proto/gen/opamp';
import type { FuzzShard } from './fuzzFleet';
import { SECRET_PREFIX } from './fuzzFleet';

const { ServerToAgent, ServerErrorResponseType } = opamp.proto;

/** How a message may be refused: as none, or for want of room. */
const REFUSALS: readonly ErrorCode[] = ['invalid_opamp_message', 'too_many_agents'];

export type Verdict = 'answered' | 'offered' | 'refused';

/** Something that must not be. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

/** The bytes of an answer as an agent gets them. */
export const bytesOf = ({ head, wire }: Outgoing): Buffer =>
  Buffer.concat(wire ? [head, wire] : [head]);

function decode(bytes: Uint8Array): opamp.proto.ServerToAgent {
  try {
    return ServerToAgent.decode(bytes);
  } catch (cause) {
    throw new Violation('the answer is no ServerToAgent', { cause });
  }
}

/**
 * Whether an answer is one that a shard's agent may get: a message that can be read, with that shard's config or none.
 * @throws Violation
 */
export function judgeAnswer(shard: FuzzShard, bytes: Buffer): Verdict {
  const answer = decode(bytes);
  if (answer.errorResponse) {
    const { type } = answer.errorResponse;
    if (type === ServerErrorResponseType.ServerErrorResponseType_Unknown)
      throw new Violation('a refusal of no type');
    if (bytes.includes(SECRET_PREFIX)) throw new Violation('a refusal that holds a secret');
    return 'refused';
  }
  if (answer.instanceUid.byteLength !== 16) throw new Violation('an answer to nobody');
  if (!answer.remoteConfig) {
    if (bytes.includes(SECRET_PREFIX)) throw new Violation('a secret beside a config');
    return 'answered';
  }
  const hash = Buffer.from(answer.remoteConfig.configHash ?? []).toString('hex');
  const offer = shard.offers.find(({ hashHex }) => hashHex === hash);
  if (!offer) throw new Violation('a config that is not of this shard');
  if (!bytes.subarray(-offer.wire.byteLength).equals(offer.wire))
    throw new Violation('a config that is not as it was made');
  return 'offered';
}

/**
 * Whether a message may be refused so.
 * @throws Violation
 */
export function judgeError(error: unknown): Verdict {
  if (error instanceof TenancyError && REFUSALS.includes(error.code)) {
    if (error.message.includes(SECRET_PREFIX)) throw new Violation('a refusal that holds a secret');
    return 'refused';
  }
  throw new Violation('an error that no sender may cause', { cause: error });
}

/** What is on the objects that all others inherit from: a key that an agent sent must never get there. */
export function watchPrototypes(): () => void {
  const watched = [Object.prototype, Array.prototype, Map.prototype, Function.prototype];
  const before = watched.map((prototype) => Reflect.ownKeys(prototype).length);
  return () => {
    const after = watched.map((prototype) => Reflect.ownKeys(prototype).length);
    if (after.some((count, at) => count !== before[at]))
      throw new Violation('a prototype was changed');
  };
}
