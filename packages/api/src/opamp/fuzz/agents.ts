import { opamp } from '../proto/gen/opamp';
import type { FuzzShard } from './fuzzFleet';
import type { Random } from './random';
import { recorded } from './recorded';
import { Speaker } from './shapes';

const { ServerToAgent } = opamp.proto;

/** What an agent says next. */
type Step = 'start' | 'poll' | 'applying' | 'effective' | 'healthy' | 'applied' | 'failed' | 'full';

/** An agent that does what it is told, now and then fails, and starts again from time to time. */
export class FuzzAgent {
  private readonly speaker: Speaker;
  private steps: Step[] = ['start'];
  private hash: Uint8Array | undefined;

  constructor(
    readonly shard: FuzzShard,
    private readonly random: Random,
    instanceUid: Buffer,
  ) {
    this.speaker = new Speaker(instanceUid, shard.secret);
  }

  next(): Buffer {
    const { random, speaker } = this;
    const step = this.steps.shift() ?? 'poll';
    const hash = this.hash ?? Buffer.alloc(32);
    switch (step) {
      case 'start':
        return speaker.start();
      case 'applying':
        return speaker.applying(hash);
      case 'effective':
        return speaker.effective();
      case 'healthy':
        return speaker.health(true);
      case 'applied':
        return speaker.applied(hash);
      case 'failed':
        return speaker.failed(hash);
      case 'full':
        return speaker.full(this.hash);
      case 'poll':
        if (random.chance(0.1)) return speaker.quote(random.pick(recorded));
        return random.chance(0.8) ? speaker.poll() : this.aside();
    }
  }

  /** Takes in an answer. */
  hear(bytes: Uint8Array): void {
    const { remoteConfig, flags } = ServerToAgent.decode(bytes);
    if (remoteConfig) {
      this.hash = Buffer.from(remoteConfig.configHash ?? []);
      const end: Step[] = this.random.chance(0.1)
        ? ['failed']
        : ['effective', 'healthy', 'applied'];
      this.steps = ['applying', ...end];
    } else if (Number(flags) !== 0) {
      this.steps.unshift('full');
      this.steps.length = Math.min(this.steps.length, 8);
    }
  }

  /** What is said seldom. */
  private aside(): Buffer {
    const { speaker, random } = this;
    switch (random.below(6)) {
      case 0:
        return speaker.start();
      case 1:
        return speaker.components();
      case 2:
        return speaker.settings();
      case 3:
        return speaker.asksForUid();
      case 4:
        return speaker.goodbye();
      default:
        return speaker.health(random.chance(0.7));
    }
  }
}
