import type { Answer } from '../../../clickhouse/__tests__/isolation/engine';
import { database } from '../../../clickhouse/__tests__/isolation/tenants';
import { send } from './wire';
import type { Header } from './wire';
import type { Site } from './site';

/** ClickHouse's administrator, who asks it directly: what an attack would be without the service in between. */
export class Operator {
  constructor(private readonly site: Site) {}

  /** @param parameters of the URL. */
  async ask(sql: string, parameters: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const query = new URLSearchParams({ database });
    for (const [name, value] of Object.entries(parameters)) query.set(name, this.site.told(value));
    return this.post(`/?${query.toString()}`, [], Buffer.from(this.site.told(sql)));
  }

  /** Sends bytes as they are, with the administrator's login. */
  async post(path: string, headers: readonly Header[], body?: Buffer): Promise<Answer> {
    const { url, user, password } = this.site.clickhouse;
    const login: Header[] = [
      ['X-ClickHouse-User', user],
      ['X-ClickHouse-Key', password],
    ];
    const reply = await send(url, {
      method: 'POST',
      path,
      headers: [...login, ...headers],
      ...(body && { body }),
    });
    const code = Number(/(?:^|\n)Code: (\d+)\. DB::Exception/.exec(reply.body)?.[1] ?? 0);
    return { ...reply, ok: reply.status === 200 && code === 0, code };
  }
}
