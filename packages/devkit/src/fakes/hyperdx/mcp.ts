import { ObjectId } from 'mongodb';
import { connectionOf, runChart, runSql, type Range } from './charts';
import type { Collections, User } from './collections';
import { Refusal, textOf, type Exchange } from './exchange';

/** JSON-RPC 2.0, "Error object". */
const METHOD_NOT_FOUND = -32_601;

interface Call {
  collections: Collections;
  user: User;
  input: Readonly<Record<string, unknown>>;
}

type Tool = (call: Call) => Promise<unknown>;

const HOUR_MS = 3_600_000;
const lastDay = (): Range => ({ from: Date.now() - 24 * HOUR_MS, to: Date.now() + HOUR_MS });

/** Some of HyperDX 2.36's thirty tools: those that query by a connection, and those that write what queries go by. */
const tools: Readonly<Record<string, Tool>> = {
  clickstack_list_sources: async ({ collections, user }) =>
    collections.sources.find({ team: user.team }).toArray(),

  clickstack_table: async ({ collections, user, input }) =>
    runChart(collections, user.team, textOf(input['sourceId']), {
      ...lastDay(),
      where: typeof input['where'] === 'string' ? input['where'] : undefined,
    }),

  clickstack_sql: async ({ collections, user, input }) =>
    runSql(collections, user.team, textOf(input['connectionId']), textOf(input['sql']), lastDay()),

  /** Writes what it is given, as HyperDX does: it knows no suffixes. */
  clickstack_save_source: async ({ collections, user, input }) => {
    const connection = await connectionOf(collections, user.team, textOf(input['connection']));
    const source = {
      ...input,
      _id: new ObjectId(),
      team: user.team,
      kind: textOf(input['kind']),
      name: textOf(input['name']),
      connection: connection._id,
      from: input['from'] as { databaseName: string; tableName: string },
    };
    await collections.sources.insertOne(source);
    return { id: source._id.toHexString() };
  },

  clickstack_delete_source: async ({ collections, user, input }) => {
    const _id = new ObjectId(textOf(input['id']));
    const { deletedCount } = await collections.sources.deleteOne({ _id, team: user.team });
    return { deleted: deletedCount };
  },
};

interface Message {
  jsonrpc?: unknown;
  id?: unknown;
  method?: unknown;
  params?: { name?: unknown; arguments?: Record<string, unknown> };
}

/** @returns `undefined` for what there is not. */
async function resultOf(
  message: Message,
  collections: Collections,
  user: User,
): Promise<object | undefined> {
  if (message.method === 'tools/list') {
    return { tools: Object.keys(tools).map((name) => ({ name, inputSchema: { type: 'object' } })) };
  }
  if (message.method === 'initialize') {
    const serverInfo = { name: 'hyperdx', version: '2.36.0' };
    return { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo };
  }
  const name = textOf(message.params?.name);
  const tool = message.method === 'tools/call' && Object.hasOwn(tools, name) && tools[name];
  if (!tool) return undefined;
  const text = (value: unknown): { type: string; text: string }[] => [
    { type: 'text', text: JSON.stringify(value) },
  ];
  try {
    const input = message.params?.arguments ?? {};
    return { content: text({ result: await tool({ collections, user, input }) }) };
  } catch (error) {
    // A tool that fails is a result, not an error of the protocol.
    return { isError: true, content: text(error instanceof Error ? error.message : String(error)) };
  }
}

async function answerTo(
  message: Message,
  collections: Collections,
  user: User,
): Promise<object | undefined> {
  // A notification gets no answer.
  if (message.id === undefined) return undefined;
  const about = { jsonrpc: '2.0', id: message.id };
  const result = await resultOf(message, collections, user);
  return result === undefined
    ? { ...about, error: { code: METHOD_NOT_FOUND, message: 'Method not found' } }
    : { ...about, result };
}

/** `POST /mcp`: JSON-RPC, single or in a batch; the answers are server-sent events, as the MCP library streams them. */
export async function serveMcp(
  exchange: Exchange,
  collections: Collections,
  user: User,
): Promise<void> {
  const { request, response, body } = exchange;
  if (request.method !== 'POST') throw new Refusal(405, 'Method not allowed.');
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString());
  } catch {
    throw new Refusal(400, 'Parse error');
  }
  const messages = (Array.isArray(parsed) ? parsed : [parsed]) as Message[];
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
  for (const message of messages) {
    const answer = await answerTo(message, collections, user);
    if (answer) response.write(`event: message\ndata: ${JSON.stringify(answer)}\n\n`);
  }
  response.end();
}
