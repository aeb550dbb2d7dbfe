import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Engine } from '../engine';
import { tokens } from '../lexer';
import { identifier, literal } from '../settings';
import type { AccessState } from './state';
import { accessTables, systemRows, type AccessTable, type Administrator } from './systemRows';
import { nameOf } from './tokenReader';

/** Files kept for queries that were pointed at them and have not opened them yet. */
const keptFiles = 64;

/** Says quickly that a text cannot be about users and rights. */
const mayRead = new RegExp(`system[\\s\\S]*(${accessTables.join('|')})`, 'i');

/**
 * Answers queries of `system.users` and its like from the state. The engine knows none of its users, so where a query
 * names such a table it is pointed at a file of the same columns, one a state and table, written when first asked for.
 */
export class SystemTables {
  readonly #files = new Map<AccessTable, { state: AccessState; path: string }>();
  readonly #written: string[] = [];
  readonly #structures = new Map<AccessTable, string>();

  constructor(
    private readonly engine: Engine,
    private readonly dir: string,
    private readonly administrator: Administrator,
  ) {}

  mayBeRead(sql: string): boolean {
    return mayRead.test(sql);
  }

  /**
   * @param canonical the engine's own writing of a SELECT.
   * @returns nothing where it reads none of these tables.
   */
  async pointed(canonical: string, state: AccessState): Promise<string | undefined> {
    const list = [...tokens(canonical)];
    const parts: string[] = [];
    let copied = 0;
    for (let index = 1; index + 2 < list.length; index++) {
      const [before, database, dot, table, after] = list.slice(index - 1, index + 4);
      const name = accessTables.find((one) => one === nameOf(table));
      if (!before || !database || dot?.text !== '.' || !table || name === undefined) continue;
      // Where a table stands, not a column: `system.users.name` keeps its words and finds them under the alias.
      const isTable = /^(FROM|JOIN|,)$/i.test(before.text) && after?.text !== '.';
      if (nameOf(database)?.toLowerCase() !== 'system' || !isTable) continue;
      const alias = after?.text === 'AS' ? '' : ` AS ${identifier(name)}`;
      parts.push(canonical.slice(copied, database.start), await this.#source(name, state), alias);
      copied = table.end;
    }
    return copied === 0 ? undefined : parts.join('') + canonical.slice(copied);
  }

  async #source(table: AccessTable, state: AccessState): Promise<string> {
    const structure = this.#structures.get(table) ?? (await this.#readStructure(table));
    this.#structures.set(table, structure);
    const path = await this.#file(table, state);
    return `file(${literal(path)}, 'JSONEachRow', ${literal(structure)})`;
  }

  async #readStructure(table: AccessTable): Promise<string> {
    const result = await this.engine.connect((connection) =>
      connection.query(`DESCRIBE TABLE system.${table}`, 'JSONEachRow'),
    );
    const columns = result
      .text()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { name: string; type: string });
    return columns.map(({ name, type }) => `${identifier(name)} ${type}`).join(', ');
  }

  async #file(table: AccessTable, state: AccessState): Promise<string> {
    const known = this.#files.get(table);
    if (known?.state === state) return known.path;
    await mkdir(this.dir, { recursive: true, mode: 0o700 });
    const path = join(this.dir, `${table}-${randomUUID()}.jsonl`);
    const rows = systemRows(table, state, this.administrator);
    await writeFile(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''), { mode: 0o600 });
    this.#files.set(table, { state, path });
    this.#written.push(path);
    const stale = this.#written.splice(0, Math.max(0, this.#written.length - keptFiles));
    const current = new Set([...this.#files.values()].map((file) => file.path));
    for (const one of stale) {
      if (current.has(one)) this.#written.push(one);
      else await rm(one, { force: true });
    }
    return path;
  }
}
