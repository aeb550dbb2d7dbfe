import { once } from 'node:events';
import { Agent, request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';

import { WebSocket } from 'ws';
import type { RawData } from 'ws';

import createOpampServer from '../app';
import type { OpampServer } from '../app';
import { createGround } from './harness';
import type { Ground } from './harness';
import type { FuzzShard } from './fuzzFleet';
import { judgeAnswer, Violation } from './oracle';
import type { Verdict } from './oracle';
import type { Random } from './random';

/** How a real server may answer a request whose body is fuzz: as a message, as none, as too large, as one too many. */
const STATUSES: readonly number[] = [200, 400, 413, 415, 429, 503];
const PROTOBUF = 'application/x-protobuf';

/** A connection is left after so many messages: one that goes on and on is slowed down by the server. */
const MESSAGES_PER_SOCKET = 40;

/** What does not come within this time does not come; milliseconds. */
const PATIENCE_MS = 10_000;

const READY = {
  mongo: 'reachable',
  clickhouse: 'reachable',
  indexes: true,
  collectorConfigs: true,
  missing: [],
} as const;

export interface Sent {
  transport: 'http' | 'websocket';
  verdict: Verdict;
}

/** One agent's connection; what comes over it is judged, asked for or not. */
class Socket {
  private sent = 0;
  private failure: unknown;
  private waiting: ((verdict: Verdict) => void) | undefined;

  private constructor(
    private readonly shard: FuzzShard,
    readonly socket: WebSocket,
  ) {
    socket.on('message', (data: RawData) => this.receive(data));
    socket.on('error', (error) => (this.failure ??= error));
    socket.on('close', () => this.settle('refused'));
  }

  static async open(url: string, shard: FuzzShard): Promise<Socket> {
    const socket = new WebSocket(url, {
      headers: { authorization: `Bearer ${shard.token}` },
      perMessageDeflate: false,
      handshakeTimeout: PATIENCE_MS,
    });
    const opened = new Socket(shard, socket);
    await once(socket, 'open');
    return opened;
  }

  get isUsable(): boolean {
    return this.socket.readyState === WebSocket.OPEN && this.sent < MESSAGES_PER_SOCKET;
  }

  /** @throws Violation where something came that must not, or nothing did. */
  async send(frame: Buffer, binary: boolean): Promise<Verdict> {
    this.sent += 1;
    const answered = new Promise<Verdict>((resolve) => (this.waiting = resolve));
    this.socket.send(frame, { binary });
    let timer: NodeJS.Timeout | undefined;
    const nothing = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Violation('no answer over a WebSocket')), PATIENCE_MS);
    });
    try {
      return await Promise.race([answered, nothing]);
    } finally {
      clearTimeout(timer);
      this.check();
    }
  }

  check(): void {
    if (this.failure !== undefined)
      throw new Violation('a WebSocket failed', { cause: this.failure });
  }

  close(): void {
    this.socket.terminate();
  }

  private receive(data: RawData): void {
    try {
      if (!Buffer.isBuffer(data) || data[0] !== 0)
        throw new Violation('a frame without its header');
      this.settle(judgeAnswer(this.shard, data.subarray(1)));
    } catch (error) {
      this.failure ??= error;
      this.settle('refused');
    }
  }

  private settle(verdict: Verdict): void {
    this.waiting?.(verdict);
    this.waiting = undefined;
  }
}

/** A real server on a port of its own, and agents that speak to it over HTTP and WebSockets. */
export class WireDoor {
  private readonly sockets = new Map<string, Socket>();
  private readonly keepAlive = new Agent({ keepAlive: true, maxSockets: 4 });

  private constructor(
    private readonly ground: Ground,
    private readonly server: OpampServer,
    private readonly port: number,
    private readonly random: Random,
  ) {}

  static async open(random: Random): Promise<WireDoor> {
    const ground = createGround(Date.now);
    const { fleet, agentLog, log, metrics } = ground;
    const server = createOpampServer({
      ...{ fleet, agentLog, log, metrics },
      readiness: { check: () => Promise.resolve({ ...READY, missing: [] }) },
      config: {
        acceptIngestionKey: false,
        maxAgents: 1_000,
        maxAgentsPerToken: 400,
        tls: undefined,
      },
    });
    server.server.listen(0, '127.0.0.1');
    await once(server.server, 'listening');
    const { port } = server.server.address() as AddressInfo;
    return new WireDoor(ground, server, port, random);
  }

  /**
   * Sends a message as an agent of a shard.
   * @throws Violation
   */
  async send(shardId: string, body: Buffer): Promise<Sent> {
    const { fleet } = this.ground;
    const shard = fleet.shards.find(({ admitted }) => admitted.shard === shardId);
    if (!shard) throw new TypeError(`There is no shard ${shardId}.`);
    // What is meant for a shard changes under way, and is pushed.
    if (this.random.chance(0.05)) fleet.turn(shard);
    if (this.random.chance(0.5)) {
      return { transport: 'http', verdict: await this.post(shard, body) };
    }
    const socket = await this.socketOf(shard);
    const header = this.random.chance(0.95) ? Buffer.alloc(1) : this.random.bytes(1);
    const verdict = await socket.send(Buffer.concat([header, body]), this.random.chance(0.97));
    return { transport: 'websocket', verdict };
  }

  /** @throws Violation where something came up that no message was waiting for. */
  check(): void {
    this.ground.secrets.check();
    for (const socket of this.sockets.values()) socket.check();
  }

  async close(): Promise<void> {
    for (const socket of this.sockets.values()) socket.close();
    this.keepAlive.destroy();
    await this.server.stop();
    await this.ground.agentLog.stop();
  }

  private async socketOf(shard: FuzzShard): Promise<Socket> {
    const { shard: id } = shard.admitted;
    const known = this.sockets.get(id);
    if (known?.isUsable === true) return known;
    known?.close();
    const opened = await Socket.open(`ws://127.0.0.1:${this.port}/v1/opamp`, shard);
    this.sockets.set(id, opened);
    return opened;
  }

  private async post(shard: FuzzShard, body: Buffer): Promise<Verdict> {
    const { random } = this;
    const claim = random.chance(0.05) ? random.pick(['gzip', 'br', 'identity']) : undefined;
    const zipped = claim === undefined && random.chance(0.2);
    const encoding = zipped ? 'gzip' : claim;
    const response = await this.request(shard, zipped ? gzipSync(body) : body, {
      'content-type': PROTOBUF,
      ...(encoding === undefined ? {} : { 'content-encoding': encoding }),
    });
    const bytes = await buffer(response);
    const { statusCode = 0 } = response;
    if (!STATUSES.includes(statusCode)) throw new Violation(`status ${statusCode}`);
    if (response.headers['content-type'] === PROTOBUF) return judgeAnswer(shard, bytes);
    if (statusCode === 200) throw new Violation('an answer of another type');
    return 'refused';
  }

  private async request(
    { token }: FuzzShard,
    body: Buffer,
    headers: Record<string, string>,
  ): Promise<IncomingMessage> {
    const sent = request({
      host: '127.0.0.1',
      port: this.port,
      method: 'POST',
      path: this.random.chance(0.5) ? '/v1/opamp' : `/t/${token}/v1/opamp`,
      agent: this.keepAlive,
      timeout: PATIENCE_MS,
      headers: { ...headers, authorization: `Bearer ${token}` },
    });
    sent.on('timeout', () => sent.destroy(new Violation('no answer over HTTP')));
    sent.end(body);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return response;
  }
}
