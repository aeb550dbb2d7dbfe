import { emptyDatabase } from '@hyperdx-tenancy/domain/access';
import type { Verdict } from '@hyperdx-tenancy/domain/guard';

import { operator, Workshop } from '../../../clickhouse/__tests__/isolation/engine';
import type { Answer, OpenEngine } from '../../../clickhouse/__tests__/isolation/engine';
import { a, database } from '../../../clickhouse/__tests__/isolation/tenants';
import { cluster } from '../../../clickhouse/__tests__/isolation/usersFile';
import type { GuardTenant } from '../../guard';
import { Guard } from '../../guard';

export const tenant: GuardTenant = { id: a, database, cluster, revision: '1' };

/** What came of a statement: refused, not understood by the engine, or run. */
export interface Outcome {
  verdict?: Verdict;
  /** What the engine said to the question of the guard, where it did not parse. */
  unparsed?: string;
  answer?: Answer;
}

/**
 * The embedded engine with both tenants' tables, everything allowed to whoever asks: the guard is the only wall, and what it
 * allows runs.
 */
export class GuardedEngine {
  readonly guard = new Guard();
  /** What the guard has asked. */
  readonly asked: string[] = [];

  private constructor(
    private readonly workshop: Workshop,
    readonly engine: OpenEngine,
  ) {}

  static async open(): Promise<GuardedEngine> {
    const workshop = await Workshop.prepare();
    const engine = await workshop.open(operator);
    const made = await engine.ask(`CREATE DATABASE ${emptyDatabase}`);
    if (!made.ok) throw new Error(made.body);
    return new GuardedEngine(workshop, engine);
  }

  async close(): Promise<void> {
    await this.engine.close();
    await this.workshop.remove();
  }

  /** As the door does it, without what it adds to the guard. */
  async run(
    text: string,
    values: Readonly<Record<string, string>> = {},
    guard: Pick<Guard, 'judge'> = this.guard,
  ): Promise<Outcome> {
    const parameters = new Map(Object.entries(values));
    const sent = Object.fromEntries(
      [...parameters].map(([name, value]) => [`param_${name}`, value]),
    );
    let unparsed: string | undefined;
    const verdict = await guard
      .judge({ text, parameters }, tenant, async (sql) => {
        this.asked.push(sql);
        const answer = await this.engine.ask(sql, {
          ...sent,
          database: emptyDatabase,
          default_format: 'TabSeparatedRaw',
        });
        if (answer.ok) return answer.body;
        unparsed = answer.body;
        throw new Error(answer.body);
      })
      .catch((error: unknown) => {
        if (unparsed === undefined) throw error;
        return undefined;
      });
    if (!verdict) return unparsed === undefined ? {} : { unparsed };
    if (!verdict.allowed) return { verdict };
    const { text: canonical, format, settings } = verdict;
    const answer = await this.engine.ask(
      format === undefined ? canonical : `${canonical} FORMAT ${format}`,
      { ...sent, ...Object.fromEntries(settings), database: emptyDatabase },
    );
    return { verdict, answer };
  }
}

/** All that a tenant could see of an outcome. */
export function seen({ verdict, unparsed = '', answer }: Outcome): string {
  const refusal = verdict?.allowed === false ? verdict.message : '';
  return [refusal, unparsed, answer?.headers, answer?.body].join('\n');
}
