import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What came by on its way to ClickHouse. */
export interface Passed {
  parameters: readonly (readonly [string, string])[];
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: string;
}

/** Stands between the service and ClickHouse, hands everything on, and keeps what came by. */
export class Tap {
  readonly passed: Passed[] = [];

  private constructor(private readonly server: Server) {}

  /** @param url of ClickHouse. */
  static async open(url: string): Promise<Tap> {
    const { hostname, port } = new URL(url);
    const server = createServer((req, res) => {
      const chunks: Buffer[] = [];
      req.on('error', () => undefined);
      res.on('error', () => undefined);
      req.on('data', (chunk: Buffer) => chunks.push(chunk));
      req.on('end', () => {
        const body = Buffer.concat(chunks);
        const { searchParams } = new URL(req.url ?? '/', url);
        tap.passed.push({
          parameters: [...searchParams],
          headers: req.headers,
          body: body.toString('utf8'),
        });
        const { method, headers, url: path } = req;
        const onward = request({ hostname, port, method, path, headers }, (answer) => {
          res.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(res);
        });
        onward.on('error', () => res.destroy());
        // A query whose reader is gone ends, as without a tap.
        res.on('close', () => onward.destroy());
        onward.end(body);
      });
    });
    const tap = new Tap(server);
    server.keepAliveTimeout = 75_000;
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return tap;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }
}
