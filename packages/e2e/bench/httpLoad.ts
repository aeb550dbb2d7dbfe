import { Agent, request } from 'node:http';

/** A request that is sent again and again. */
export interface Target {
  url: string;
  method: 'GET' | 'POST';
  headers: Readonly<Record<string, string>>;
  body?: string;
  /** The least that a whole answer has. */
  leastBytes: number;
}

/** What some load came to. */
export interface Measured {
  /** Milliseconds of each request, from its start to the end of its answer. */
  times: number[];
  /** Requests a second. */
  rate: number;
}

/** A server that is out of order must not stop the bench for ever. */
const TIMEOUT_MS = 120_000;

/** Sends one request and reads its answer to the end. @returns the bytes of it. @throws Error for anything but a whole 200. */
async function send(target: Target, agent: Agent): Promise<number> {
  const { url, method, headers, body, leastBytes } = target;
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent, method, headers }, (answer) => {
      let bytes = 0;
      let start = '';
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (answer.statusCode !== 200 && start.length < 500) start += chunk.toString();
      });
      answer.once('error', reject);
      answer.once('end', () => {
        if (answer.statusCode === 200 && answer.complete && bytes >= leastBytes) resolve(bytes);
        else reject(new Error(`${method} ${url}: ${answer.statusCode}, ${bytes} bytes ${start}`));
      });
    });
    outgoing.setTimeout(TIMEOUT_MS, () => outgoing.destroy(new Error(`${url}: no answer`)));
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

/** Connections for some work, which an abort cuts. @throws the signal's reason then. */
async function withAgent<T>(
  connections: number,
  signal: AbortSignal,
  work: (agent: Agent) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const cut = (): void => agent.destroy();
  signal.addEventListener('abort', cut, { once: true });
  try {
    return await work(agent);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', cut);
    agent.destroy();
  }
}

/** Keeps so many connections busy for so long: each sends its next request when it has its answer. */
export async function load(
  target: Target,
  { connections, ms }: { connections: number; ms: number },
  signal: AbortSignal,
): Promise<Measured> {
  return withAgent(connections, signal, async (agent) => {
    const times: number[] = [];
    const begun = performance.now();
    const worker = async (): Promise<void> => {
      while (performance.now() - begun < ms) {
        const start = performance.now();
        await send(target, agent);
        times.push(performance.now() - start);
      }
    };
    await Promise.all(Array.from({ length: connections }, worker));
    return { times, rate: (times.length * 1_000) / (performance.now() - begun) };
  });
}

/** Sends one request. @returns how many bytes of its answer came in a second. */
export async function bytesPerSecond(target: Target, signal: AbortSignal): Promise<number> {
  return withAgent(1, signal, async (agent) => {
    const start = performance.now();
    const bytes = await send(target, agent);
    return (bytes * 1_000) / (performance.now() - start);
  });
}
