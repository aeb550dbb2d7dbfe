import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import {
  availableComponents,
  fullState,
  heartbeat,
  readServerMessage,
} from '../bench/opampMessages';
import type { Speaker } from '../bench/opampMessages';
import { bodyAt, bytes, number } from '../bench/opampWire';
import type { Api } from '../harness/api';

const POLL_MS = 100;
const POLL_TIMEOUT_MS = 10_000;

/** Field of `AgentToServer`, and values of `RemoteConfigStatuses` (OpAMP specification). */
const REMOTE_CONFIG_STATUS = 7;
const APPLIED = 1;
const FAILED = 3;

/** What a message tells of. */
type Word = 'nothing' | 'all' | 'status' | 'components';

/**
 * A collector's agent that polls, whatever becomes of the server: it runs every config at once, and fails those that hold a mark.
 * What it has said is lost where no answer came; it is asked for it again, as the supervisor is.
 */
export class CollectorAgent implements Speaker {
  readonly uid = randomBytes(16);
  sequence = 0;
  /** Of the config that it was given last. */
  hash: Buffer | undefined;
  /** The text of that config. */
  config = '';
  private failed = false;
  private says: Word = 'all';
  private stopped = false;
  private readonly polling: Promise<void>;

  /** @param fails what no config may hold. */
  constructor(
    private readonly api: Pick<Api, 'opampUrl' | 'collectorToken'>,
    private readonly fails: string,
  ) {
    this.polling = this.pollOn();
  }

  /** Hash of what it was given last. */
  get hashHex(): string {
    return this.hash?.toString('hex') ?? '';
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.polling;
  }

  private async pollOn(): Promise<void> {
    while (!this.stopped) {
      // While the server is away, or dies over it, there is none.
      const answer = await this.post(this.message()).catch(() => undefined);
      this.sequence += 1;
      this.says = answer ? this.take(answer) : 'nothing';
      await sleep(POLL_MS);
    }
  }

  private message(): Buffer {
    if (this.says === 'nothing') return heartbeat(this);
    if (this.says === 'components') return availableComponents(this);
    // Without the hash, which would say that it is applied.
    const { uid, sequence, hash } = this;
    const status = hash
      ? bytes(
          REMOTE_CONFIG_STATUS,
          bytes(1, hash),
          number(2, this.failed ? FAILED : APPLIED),
          ...(this.failed ? [bytes(3, `it holds ${this.fails}`)] : []),
        )
      : Buffer.alloc(0);
    const speaker = { uid, sequence, hash: undefined };
    return Buffer.concat([this.says === 'all' ? fullState(speaker) : heartbeat(speaker), status]);
  }

  private async post(body: Buffer): Promise<Buffer> {
    const response = await fetch(`${this.api.opampUrl}/v1/opamp`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${this.api.collectorToken}`,
        'content-type': 'application/x-protobuf',
      },
      body: new Uint8Array(body),
      signal: AbortSignal.timeout(POLL_TIMEOUT_MS),
    });
    const answer = Buffer.from(await response.arrayBuffer());
    if (response.status !== 200) throw new Error(`a poll was answered ${response.status}`);
    return answer;
  }

  /** @returns what is to be said next. */
  private take(answer: Buffer): Word {
    const { offer, wantsFullState, wantsComponents } = readServerMessage(answer);
    if (offer) {
      this.hash = offer.hash;
      this.config = bodyAt(answer, 3, 1, 1, 2, 1)?.toString() ?? '';
      this.failed = this.config.includes(this.fails);
    }
    if (wantsFullState) return 'all';
    if (offer) return 'status';
    return wantsComponents ? 'components' : 'nothing';
  }
}
