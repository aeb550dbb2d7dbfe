import { createServer } from 'node:http';

import { CLICKHOUSE_TENANTS } from './opampBaselines';
import { serveProgram } from './program';

/** ClickHouse's UNKNOWN_TABLE. */
const UNKNOWN_TABLE = 60;

/**
 * A ClickHouse that is up, and says that its tenants have all their tables: those of the bench have none, which would keep them out of
 * the collectors' configs. Whatever else it is asked it refuses, at once.
 */
serveProgram(() => {
  const complete = Object.entries(process.env).flatMap(([name, ids = '']) =>
    name.startsWith(CLICKHOUSE_TENANTS) ? ids.split(',') : [],
  );
  const tenants = `${JSON.stringify({ complete, writers: [], readonly: [] })}\n`;
  return createServer((incoming, answer) => {
    const parts: Buffer[] = [];
    incoming.on('data', (part: Buffer) => parts.push(part));
    incoming.on('end', () => {
      const { searchParams } = new URL(incoming.url ?? '/', 'http://clickhouse');
      const query = searchParams.get('query') ?? Buffer.concat(parts).toString();
      if (/^\s*SELECT 1\b/.test(query)) answer.end('1\n');
      else if (/\bAS complete\b/.test(query)) answer.end(tenants);
      else {
        answer
          .writeHead(404, { 'X-ClickHouse-Exception-Code': UNKNOWN_TABLE })
          .end(`Code: ${UNKNOWN_TABLE}. DB::Exception: there are no tables here. (UNKNOWN_TABLE)`);
      }
    });
  });
});
