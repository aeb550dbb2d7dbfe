import { createHash } from 'node:crypto';

import { LRUCache } from 'lru-cache';

import type { ComponentTypes, KnownComponents } from '../fleet';

/** What all sets together may take, in bytes: some thousand of collectors that differ from each other. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Of a name beside its characters, in a list and in a set. */
const NAME_BYTES = 100;

/** Hashes that agents named, each with its shard. */
const MAX_CLAIMS = 10_000;

/**
 * A type as collectors compare it here: they rename theirs to snake case (collector 0.144: `otlphttp` to `otlp_http`), accept
 * the old name in a config as an alias and list the new one alone. One exporter changed its name as well.
 */
function canonical(kind: string, type: string): string {
  const plain = type.replaceAll('_', '');
  return kind === 'exporters' && plain === 'otlp' ? 'otlpgrpc' : plain;
}

/** The component types that some collector has. */
export class ComponentSet implements KnownComponents {
  /** What it takes, roughly. */
  readonly bytes: number;
  private readonly names = new Map<string, ReadonlySet<string>>();

  constructor(
    readonly id: string,
    readonly types: ComponentTypes,
  ) {
    let bytes = NAME_BYTES;
    for (const [kind, names] of Object.entries(types)) {
      this.names.set(kind, new Set(names.map((name) => canonical(kind, name))));
      // In both forms.
      for (const name of names) bytes += NAME_BYTES + 2 * name.length;
    }
    this.bytes = bytes;
  }

  /** What is lacking of these, as `receivers/fluentforward`. */
  lacking(required: ComponentTypes): string[] {
    return Object.entries(required).flatMap(([kind, types]) =>
      types
        .filter((type) => this.names.get(kind)?.has(canonical(kind, type)) !== true)
        .map((type) => `${kind}/${type}`),
    );
  }
}

/** Stands for the set behind a hash under which agents reported different ones. */
const DISPUTED = '';

/**
 * The components of all agents. Thousands of agents have the same, so each set is kept once, whoever reported it; which hash
 * stands for which set is an agent's own word, and counts within its shard alone. Where two say different things of one hash,
 * neither counts: one agent cannot keep a config from the others by saying that they lack something.
 */
export class ComponentSets {
  private readonly sets = new LRUCache<string, ComponentSet>({
    maxSize: MAX_BYTES,
    sizeCalculation: (set) => set.bytes,
  });
  private readonly claims = new LRUCache<string, string>({ max: MAX_CLAIMS });

  /** Takes in what an agent reported under a hash. */
  add(shard: string, hash: string, types: ComponentTypes): void {
    const content = createHash('sha256').update(JSON.stringify(types)).digest('base64');
    if (!this.sets.has(content)) this.sets.set(content, new ComponentSet(content, types));
    const claim = `${shard} ${hash}`;
    const known = this.claims.get(claim);
    this.claims.set(claim, known === undefined || known === content ? content : DISPUTED);
  }

  /** The set behind a hash; `undefined` where no agent of the shard reported it, it was too long ago, or they disagree. */
  get(shard: string, hash: string): ComponentSet | undefined {
    const content = this.claims.get(`${shard} ${hash}`);
    return content === undefined ? undefined : this.sets.get(content);
  }
}
