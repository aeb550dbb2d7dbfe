import { createHash } from 'node:crypto';

import { LRUCache } from 'lru-cache';

import type { ComponentTypes, KnownComponents } from '../fleet';

/** What all sets together may take, in bytes: some hundreds of collectors that differ from each other. */
const MAX_BYTES = 64 * 1024 * 1024;
/** What those that one shard's agents report may take; a collector with all there is takes 0.1 MB. */
const MAX_BYTES_OF_SHARD = 4 * 1024 * 1024;

/** Of a name beside its characters, in a list and in a set. */
const NAME_BYTES = 100;

/** Hashes that agents of one shard named. */
const MAX_CLAIMS_OF_SHARD = 256;
/** Shards with agents that report components. */
const MAX_SHARDS = 10_000;

/**
 * A type as collectors compare it here: they rename theirs to snake case (collector 0.144: `otlphttp` to `otlp_http`), accept
 * the old name in a config as an alias and list the new one alone. One exporter changed its name as well.
 */
function canonical(kind: string, type: string): string {
  const plain = type.replaceAll('_', '');
  return kind === 'exporters' && plain === 'otlp' ? 'otlpgrpc' : plain;
}

/** The same for the same types. */
export function componentsId(types: ComponentTypes): string {
  return createHash('sha256').update(JSON.stringify(types)).digest('base64');
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

/** What the agents of one shard say: the id of a set, by the hash that they named. */
type Claims = LRUCache<string, string>;

/** A set, and how many claims there are to it. */
interface Claimed {
  set: ComponentSet;
  claims: number;
}

/**
 * The components of all agents. Thousands of agents have the same, so each set is kept once, whoever reported it; which hash
 * stands for which set is an agent's own word, and counts within its shard alone. Where two say different things of one hash,
 * neither counts: one agent cannot keep a config from the others by saying that they lack something. Each shard has room of its
 * own: what is reported in one takes nothing from another, unless many do so together.
 */
export class ComponentSets {
  private readonly sets = new Map<string, Claimed>();
  private readonly shards = new LRUCache<string, Claims>({
    max: MAX_SHARDS,
    dispose: (claims) => claims.clear(),
  });
  private bytes = 0;

  /** Takes in what an agent reported under a hash. */
  add(shard: string, hash: string, types: ComponentTypes): void {
    const content = componentsId(types);
    const claims = this.claimsOf(shard);
    const known = claims.get(hash);
    if (known === content || known === DISPUTED) return;
    if (known !== undefined) {
      claims.set(hash, DISPUTED, { size: 1 });
      return;
    }
    const set = this.sets.get(content)?.set ?? new ComponentSet(content, types);
    if (set.bytes > MAX_BYTES_OF_SHARD) return;
    this.claim(set);
    claims.set(hash, content, { size: set.bytes });
    while (this.bytes > MAX_BYTES && this.shards.size > 1) this.shards.pop();
  }

  /** The set behind a hash; `undefined` where no agent of the shard reported it, it was too long ago, or they disagree. */
  get(shard: string, hash: string): ComponentSet | undefined {
    const content = this.shards.get(shard)?.get(hash);
    return content === undefined ? undefined : this.sets.get(content)?.set;
  }

  private claimsOf(shard: string): Claims {
    const known = this.shards.get(shard);
    if (known) return known;
    const claims: Claims = new LRUCache<string, string>({
      max: MAX_CLAIMS_OF_SHARD,
      maxSize: MAX_BYTES_OF_SHARD,
      dispose: (content) => this.release(content),
    });
    this.shards.set(shard, claims);
    return claims;
  }

  private claim(set: ComponentSet): void {
    const known = this.sets.get(set.id);
    if (known) {
      known.claims += 1;
      return;
    }
    this.sets.set(set.id, { set, claims: 1 });
    this.bytes += set.bytes;
  }

  private release(content: string): void {
    const known = this.sets.get(content);
    if (!known) return;
    known.claims -= 1;
    if (known.claims > 0) return;
    this.sets.delete(content);
    this.bytes -= known.set.bytes;
  }
}
