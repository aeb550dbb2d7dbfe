import type { Control } from './attack';
import type { Said } from './entrances';
import { send } from './wire';
import type { Header } from './wire';

type Parameters = Readonly<Record<string, string>>;

const start = (text: string) => text.slice(0, 300);

/** The administrator's answer shows what must not be seen. In an error as well: some tell more than they should. */
export const operatorSees =
  (sql: string, parameters: Parameters = {}): Control =>
  async (site) => {
    const { body } = await site.operator.ask(sql, parameters);
    return site.leaks(body, site.told(sql)).length > 0
      ? undefined
      : `shows nothing: ${start(body)}`;
  };

/** The administrator is answered without an error, after `before`. */
export const operatorMay =
  (sql: string, parameters: Parameters = {}, before: readonly string[] = []): Control =>
  async (site) => {
    for (const statement of before) {
      const made = await site.operator.ask(statement);
      if (!made.ok) return `cannot be prepared: ${start(made.body)}`;
    }
    const { ok, body } = await site.operator.ask(sql, parameters);
    return ok ? undefined : `fails: ${start(body)}`;
  };

/** The administrator's answer is of this form. */
export const operatorReads =
  (sql: string, shows: RegExp, parameters: Parameters = {}): Control =>
  async (site) => {
    const { body } = await site.operator.ask(sql, parameters);
    return shows.test(body) ? undefined : `reads otherwise: ${start(body)}`;
  };

/** A connection arrives at the lure. */
export const operatorReaches =
  (sql: string, parameters: Parameters = {}): Control =>
  async (site) => {
    const before = site.lure.connections();
    const { body } = await site.operator.ask(sql, parameters);
    return site.lure.connections() > before ? undefined : `reaches nobody: ${start(body)}`;
  };

/** ClickHouse itself shows it to its administrator, who sends the same bytes. */
export const clickhouseShows =
  (path: string, headers: readonly Header[], body?: Buffer | string): Control =>
  async (site) => {
    const sent = typeof body === 'string' ? Buffer.from(site.told(body)) : body;
    const answer = await site.operator.post(site.told(path), headers, sent);
    return site.leaks(answer.body).length > 0 ? undefined : `shows nothing: ${start(answer.body)}`;
  };

/** Globex itself sees it, by each entrance. */
export const globexSees =
  (said: Said): Control =>
  async (site) => {
    for (const at of site.entrances) {
      const { body } = await send(at.url, at.request(said, site.globex));
      if (site.leaks(body).length === 0) return `${at.name}: shows nothing: ${start(body)}`;
    }
    return undefined;
  };

/** Acme is answered where it asks the same about what is its own: the refusal is not for the form. */
export const acmeMay =
  (said: Said): Control =>
  async (site) => {
    for (const at of site.entrances) {
      const { status, body } = await send(at.url, at.request(said));
      if (status !== 200) return `${at.name}: ${status}: ${start(body)}`;
    }
    return undefined;
  };

/** All of them succeed. */
export const all =
  (...controls: readonly Control[]): Control =>
  async (site) => {
    for (const control of controls) {
      const found = await control(site);
      if (found !== undefined) return found;
    }
    return undefined;
  };
