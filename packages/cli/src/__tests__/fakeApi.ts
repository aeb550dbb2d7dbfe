import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { run } from '../run';

/** A request that arrived. */
export interface Call {
  method: string;
  /** Path and query. */
  url: string;
  authorization: string | undefined;
  /** Those that mean something to the API. */
  headers: Record<string, string>;
  body: unknown;
}

const MEANT = ['if-match', 'idempotency-key', 'prefer'];

/** What is answered to a request; nothing at all where it is `undefined`. */
export type Answer =
  { status: number; json?: unknown; text?: string; headers?: Record<string, string> } | undefined;

export interface FakeApi {
  readonly url: string;
  readonly calls: Call[];
  /** Decides all answers from now on; what was called before is forgotten. */
  answer(how: (call: Call) => Answer): void;
  close(): Promise<void>;
}

async function read(request: IncomingMessage): Promise<Call> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return {
    method: request.method ?? '',
    url: request.url ?? '',
    authorization: request.headers.authorization,
    headers: Object.fromEntries(
      MEANT.flatMap((name) => (name in request.headers ? [[name, request.headers[name]]] : [])),
    ) as Record<string, string>,
    body: text === '' ? undefined : (JSON.parse(text) as unknown),
  };
}

function write(response: ServerResponse, answer: NonNullable<Answer>): void {
  const { status, json, text, headers } = answer;
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(text ?? (json === undefined ? '' : JSON.stringify(json)));
}

/** A server on 127.0.0.1 that answers as it is told. */
export async function startFakeApi(): Promise<FakeApi> {
  const calls: Call[] = [];
  let decide: (call: Call) => Answer = () => ({ status: 500 });
  const server = createServer((request, response) => {
    void read(request).then((call) => {
      calls.push(call);
      const answer = decide(call);
      if (answer) write(response, answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    answer(how) {
      calls.length = 0;
      decide = how;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** What a run of the program left behind. */
export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs the whole program in this process, with these variables of its own and no others of its kind. */
export async function runCli(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Outcome> {
  const outcome: Outcome = { code: -1, stdout: '', stderr: '' };
  const before = process.env;
  const line =
    (stream: 'stdout' | 'stderr') =>
    (text: unknown): void => {
      outcome[stream] += `${String(text)}\n`;
    };
  const raw =
    (stream: 'stdout' | 'stderr') =>
    (text: unknown): boolean => {
      outcome[stream] += String(text);
      return true;
    };
  const spies = [
    jest.spyOn(console, 'log').mockImplementation(line('stdout')),
    jest.spyOn(console, 'error').mockImplementation(line('stderr')),
    jest.spyOn(process.stdout, 'write').mockImplementation(raw('stdout')),
    jest.spyOn(process.stderr, 'write').mockImplementation(raw('stderr')),
  ];
  process.env = { PATH: before['PATH'], ...env };
  // Whoever runs the tests at a terminal is not asked.
  const atTerminal = process.stdin.isTTY;
  process.stdin.isTTY = false;
  try {
    outcome.code = await run(args);
  } finally {
    process.env = before;
    process.stdin.isTTY = atTerminal;
    for (const spy of spies) spy.mockRestore();
  }
  return outcome;
}
