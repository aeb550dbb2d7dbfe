import { createServer } from 'node:http';

import { serveProgram } from './program';

/**
 * A ClickHouse that is up and answers nothing but that. The tenants of the bench have no tables, and nobody may find out: whoever
 * asks for more than a sign of life is cut off, which says nothing of any tenant.
 */
serveProgram(() =>
  createServer((incoming, answer) => {
    const parts: Buffer[] = [];
    incoming.on('data', (part: Buffer) => parts.push(part));
    incoming.on('end', () => {
      const { searchParams } = new URL(incoming.url ?? '/', 'http://clickhouse');
      const query = searchParams.get('query') ?? Buffer.concat(parts).toString();
      if (/^\s*SELECT 1\b/.test(query)) answer.end('1\n');
      else answer.destroy();
    });
  }),
);
