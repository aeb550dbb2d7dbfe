import type { Logger } from '../../../utils/logger';
import { Budget } from '../../../utils/budget';

/** A config that one agent is kept from. */
export interface AgentBlock {
  shard: string;
  instanceUid: string;
  hash: string;
}

export interface AgentBlocksOptions {
  write(block: AgentBlock): Promise<void>;
  log: Logger;
  now: () => number;
}

/** Of each shard; what is forgotten with this process beyond that, agents would fail once more. */
const MAX_WAITING = 200;
const LINES_A_MINUTE = 20;

/**
 * Writes down which agents are kept from which config, one after the other and the shards in turn: an agent that fails costs
 * nothing to invent.
 */
export class AgentBlocks {
  private readonly waiting = new Map<string, AgentBlock[]>();
  private running: Promise<void> | undefined;
  private readonly lines: Budget;

  constructor(private readonly options: AgentBlocksOptions) {
    const { now } = options;
    this.lines = new Budget({ amount: LINES_A_MINUTE, periodMs: 60_000, now });
  }

  add(block: AgentBlock): void {
    const { shard, instanceUid, hash } = block;
    if (this.lines.take(shard)) {
      const fields = { group: shard, agent: instanceUid, hash };
      this.options.log.warn(fields, 'a config failed on one agent alone');
    }
    const waiting = this.waiting.get(shard) ?? [];
    if (waiting.length >= MAX_WAITING) return;
    waiting.push(block);
    this.waiting.set(shard, waiting);
    this.running ??= this.writeAll().finally(() => (this.running = undefined));
  }

  /** Resolves when all that waits is written. */
  async settled(): Promise<void> {
    await this.running;
  }

  private async writeAll(): Promise<void> {
    for (;;) {
      const [next] = this.waiting;
      if (!next) return;
      const [shard, blocks] = next;
      const block = blocks.shift();
      // Behind the others.
      this.waiting.delete(shard);
      if (blocks.length > 0) this.waiting.set(shard, blocks);
      if (block) await this.write(block);
    }
  }

  private async write(block: AgentBlock): Promise<void> {
    const { shard, instanceUid } = block;
    try {
      await this.options.write(block);
    } catch (error) {
      // Forgotten with this process; the agent would fail it once more then.
      if (!this.lines.take(shard)) return;
      const fields = { group: shard, agent: instanceUid, err: error };
      this.options.log.warn(fields, 'that a config failed on one agent could not be written down');
    }
  }
}
