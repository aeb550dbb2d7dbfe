import { canonicalise, isRefusal, judge } from '@hyperdx-tenancy/domain/guard';
import type { TenantScope, Verdict } from '@hyperdx-tenancy/domain/guard';
import { LRUCache } from 'lru-cache';

/** A statement as it came, with the query parameters that came with it (`param_` taken off their names). */
export interface Question {
  text: string;
  parameters: ReadonlyMap<string, string>;
  /** What the request calls its current database. */
  database?: string;
}

/** Whose statement it is. */
export interface GuardTenant extends TenantScope {
  /** Changes when the tenant's tables do: verdicts of another revision are not used. */
  revision: string;
}

/**
 * Sends one statement to the tenant's target with `emptyDatabase` as the current database and the parameters as `param_*`,
 * and gives the body of the answer as `default_format=TabSeparatedRaw` makes it. The statement is an `EXPLAIN AST`: the engine
 * parses, and executes nothing.
 * @throws anything where the engine does not answer or cannot parse; the caller of {@link Guard.judge} gets it as it is.
 */
export type Ask = (sql: string, parameters: ReadonlyMap<string, string>) => Promise<string>;

export interface GuardOptions {
  /** Verdicts that are remembered. @default 10_000 */
  maxVerdicts?: number;
  /** Characters of all texts, parameters and verdicts that are remembered. @default 32 Mi */
  maxCharacters?: number;
}

/** One with more characters is judged each time. */
const maxRemembered = 64 * 1024;

/**
 * Decides on statements. A verdict is remembered for the text, the tenant and its tables, and every parameter that could name
 * a thing; the same question asked twice at once goes to the engine once.
 */
export class Guard {
  readonly #verdicts: LRUCache<string, Verdict>;
  readonly #running = new Map<string, Promise<Verdict>>();

  constructor({ maxVerdicts = 10_000, maxCharacters = 32 * 1024 * 1024 }: GuardOptions = {}) {
    this.#verdicts = new LRUCache({
      max: maxVerdicts,
      maxSize: maxCharacters,
      sizeCalculation: (verdict, key) => key.length + JSON.stringify(verdict).length,
    });
  }

  /**
   * Whether the tenant's statement may run, and as what.
   * @param ask is called once at most. What it throws is thrown, and nothing is remembered.
   */
  async judge(question: Question, tenant: GuardTenant, ask: Ask): Promise<Verdict> {
    // Long ones are seldom asked twice, and their keys take time to make.
    if (lengthOf(question) > maxRemembered) return this.#decide(question, tenant, ask);
    const key = keyOf(question, tenant);
    const remembered = this.#verdicts.get(key) ?? this.#running.get(key);
    if (remembered) return remembered;
    const running = this.#decide(question, tenant, ask);
    this.#running.set(key, running);
    try {
      const verdict = await running;
      this.#verdicts.set(key, verdict);
      return verdict;
    } finally {
      this.#running.delete(key);
    }
  }

  async #decide({ text, parameters }: Question, tenant: GuardTenant, ask: Ask): Promise<Verdict> {
    const canonical = canonicalise(text, parameters, tenant);
    if (isRefusal(canonical)) return canonical;
    const { question } = canonical;
    const tree = question === undefined ? '' : await ask(question, parameters);
    return judge(canonical, tree.trimEnd().split('\n'), tenant);
  }
}

function lengthOf({ text, parameters }: Question): number {
  let length = text.length;
  for (const [name, value] of parameters) length += name.length + value.length;
  return length;
}

/** No table, column, index or database of a tenant is called like this, so one number is as good as another. */
const plainNumber = /^-?\d{1,20}(?:\.\d{1,20})?$/;

function keyOf({ text, parameters, database }: Question, tenant: GuardTenant): string {
  const values = [...parameters].map(([name, value]) => [
    name,
    plainNumber.test(value) ? 0 : value,
  ]);
  const { id, revision, cluster, limits } = tenant;
  return JSON.stringify([
    id,
    revision,
    tenant.database,
    cluster,
    limits,
    database,
    text,
    values.sort(([one], [other]) => (String(one) < String(other) ? -1 : 1)),
  ]);
}
