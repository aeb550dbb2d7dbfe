import type { Socket } from 'node:net';

import {
  END_OF_DATA,
  FROM_CLIENT,
  FROM_SERVER,
  Incomplete,
  NativeReader,
  readHello,
  readQuery,
  serverData,
  serverHello,
} from './nativeProtocol';

/** What a sink says, and whom it tells of what it swallows. */
export interface SinkAnswers {
  /** The block that answers a question. */
  answer(query: string): Buffer;
  /** The database and the columns, without rows, of an INSERT; `undefined` for any other statement. */
  insertInto(query: string): { database: string; columns: Buffer } | undefined;
  swallow(database: string, rows: number): void;
}

/**
 * One connection over ClickHouse's native protocol, without compression. Rows are counted by what their block says of itself; the rest
 * of it is let go by as it comes, up to the empty block that ends an INSERT: after that one, a client waits for the answer.
 */
export function serveNative(socket: Socket, sink: SinkAnswers): void {
  let pending: Buffer = Buffer.alloc(0);
  let greeted = false;
  let inserting: string | undefined;
  let counted = false;

  function take(reader: NativeReader): void {
    const kind = reader.byte();
    if (kind === FROM_CLIENT.hello && !greeted) {
      readHello(reader);
      socket.write(serverHello());
      greeted = true;
      return;
    }
    if (kind === FROM_CLIENT.ping) {
      socket.write(Buffer.from([FROM_SERVER.pong]));
      return;
    }
    // The key of a quota, which is empty, follows a greeting.
    if (kind === 0) return;
    if (kind !== FROM_CLIENT.query) throw new Error(`a client sent ${kind}`);
    const query = readQuery(reader);
    const insert = sink.insertInto(query);
    if (insert) {
      inserting = insert.database;
      counted = false;
      socket.write(serverData(insert.columns));
    } else {
      socket.write(
        Buffer.concat([serverData(sink.answer(query)), Buffer.from([FROM_SERVER.endOfStream])]),
      );
    }
  }

  function swallowData(database: string): void {
    if (!counted) {
      const reader = new NativeReader(pending);
      reader.byte();
      const { columns, rows } = reader.blockStart();
      if (columns > 0) sink.swallow(database, rows);
      counted = true;
    }
    const tail = pending.subarray(-END_OF_DATA.length);
    if (!tail.equals(END_OF_DATA)) {
      // Its end may come in two pieces.
      pending = tail;
      return;
    }
    pending = Buffer.alloc(0);
    inserting = undefined;
    socket.write(Buffer.from([FROM_SERVER.endOfStream]));
  }

  socket.on('data', (chunk: Buffer) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    try {
      while (inserting === undefined && pending.length > 0) {
        const reader = new NativeReader(pending);
        take(reader);
        pending = pending.subarray(reader.at);
      }
      if (inserting !== undefined && pending.length > 0) swallowData(inserting);
    } catch (error) {
      if (!(error instanceof Incomplete)) socket.destroy();
    }
  });
}
