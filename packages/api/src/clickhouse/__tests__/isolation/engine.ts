import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { readerName, viewsDefiner } from '@hyperdx-tenancy/domain/access';
import { startClickHouse } from '@hyperdx-tenancy/devkit/clickhouse';

import { b, database, setUp } from './tenants';
import type { EngineUser } from './usersFile';
import { serverConfig, usersFile } from './usersFile';

/** Status, body and headers of one answer. */
export interface Answer {
  ok: boolean;
  status: number;
  body: string;
  /** ClickHouse's error code; 0 where there is none. */
  code: number;
  headers: string;
}

/** The engine as one user. */
export interface OpenEngine {
  ask(sql: string, parameters?: Record<string, string>): Promise<Answer>;
  url: string;
  close(): Promise<void>;
}

/** Everything that an operator may do. */
export const operator: EngineUser = {
  settings: [],
  grants: ['GRANT ALL ON *.* WITH GRANT OPTION'],
};

/** Who else there is on the server. */
const others = [
  { name: viewsDefiner, grants: [`GRANT SELECT, INSERT ON ${database}.*`] },
  { name: readerName(b), grants: [`GRANT SELECT ON ${database}.otel_logs_${b}`] },
];

/** The directory of a run: the data of both tenants, and a copy of them for each engine that is opened. */
export class Workshop {
  private constructor(private readonly dir: string) {}

  /** Makes the tables and rows of {@link setUp}. @throws Error for a statement that fails. */
  static async prepare(): Promise<Workshop> {
    const workshop = new Workshop(await mkdtemp(join(tmpdir(), 'hdx-isolation-')));
    try {
      await workshop.fill();
    } catch (error) {
      await workshop.remove();
      throw error;
    }
    return workshop;
  }

  /** Opens a copy of the data as `user`: what one engine is led to destroy, no other misses. */
  async open(user: EngineUser): Promise<OpenEngine> {
    const dataDir = await mkdtemp(join(this.dir, 'copy-'));
    await cp(join(this.dir, 'data'), dataDir, { recursive: true });
    return this.serve(user, dataDir);
  }

  async remove(): Promise<void> {
    await rm(this.dir, { recursive: true, force: true });
  }

  private async fill(): Promise<void> {
    const engine = await this.serve(operator, join(this.dir, 'data'));
    try {
      for (const sql of setUp) {
        const answer = await engine.ask(sql);
        if (!answer.ok) throw new Error(`${sql}\n${answer.body}`);
      }
    } finally {
      await engine.close();
    }
  }

  private async serve(user: EngineUser, dataDir: string): Promise<OpenEngine> {
    const config = await mkdtemp(join(this.dir, 'config-'));
    const users = join(config, 'users.xml');
    const server = join(config, 'config.xml');
    await writeFile(users, usersFile(user, others));
    await writeFile(server, serverConfig(users));
    const engine = await startClickHouse({ dataDir, usersConfig: server });
    return {
      url: engine.url,
      ask: (sql, parameters = {}) => ask(engine.url, sql, parameters),
      close: () => engine.stop(),
    };
  }
}

async function ask(url: string, sql: string, parameters: Record<string, string>): Promise<Answer> {
  const response = await fetch(`${url}/?${new URLSearchParams(parameters).toString()}`, {
    method: 'POST',
    body: sql,
    signal: AbortSignal.timeout(30_000),
  });
  const body = await response.text();
  const code = Number(/(?:^|\n)Code: (\d+)\. DB::Exception/.exec(body)?.[1] ?? 0);
  return {
    // An error after the first row comes with status 200, its text behind the rows.
    ok: response.ok && code === 0,
    status: response.status,
    body,
    code,
    headers: [...response.headers].map((pair) => pair.join(': ')).join('\n'),
  };
}
