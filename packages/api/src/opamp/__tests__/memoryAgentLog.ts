import type { Admitted, AgentLog, AgentNote, ComponentTypes, KnownComponents } from '../fleet';

type Gone = [shard: string, instanceUid: string, why: string];

/** Keeps what it is told, for a test to look at. */
export class MemoryAgentLog implements AgentLog {
  readonly notes: AgentNote[] = [];
  readonly effective: { shard: string; instanceUid: string; files: string[] }[] = [];
  readonly sets: { shard: string; instanceUid: string; components: ComponentTypes }[] = [];
  readonly left: Gone[] = [];
  readonly moves: [instanceUid: string, from: string, to: string][] = [];

  /** The last note of an agent. */
  last(instanceUid: string): AgentNote | undefined {
    return this.notes.findLast((note) => note.instanceUid === instanceUid);
  }

  note(note: AgentNote): void {
    this.notes.push(note);
  }

  effectiveConfig(
    shard: string,
    instanceUid: string,
    files: ReadonlyMap<string, Uint8Array>,
  ): void {
    const texts = [...files.values()].map((file) => Buffer.from(file).toString());
    this.effective.push({ shard, instanceUid, files: texts });
  }

  components(shard: string, instanceUid: string, { types }: KnownComponents): void {
    this.sets.push({ shard, instanceUid, components: types });
  }

  gone(shard: string, instanceUid: string, why: 'goodbye' | 'closed' | 'silent'): void {
    this.left.push([shard, instanceUid, why]);
  }

  moved(instanceUid: string, from: Admitted, to: Admitted): void {
    this.moves.push([instanceUid, from.shard, to.shard]);
  }
}
