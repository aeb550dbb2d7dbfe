import { Writable } from 'node:stream';

import { testConfig } from '../fixtures';
import Server from '../server';
import { createLogger } from '../utils/logger';

/** Nothing listens there: what a start says does not wait for engines. */
const nowhere = {
  clickhouse: { url: 'http://127.0.0.1:1', user: 'default', password: '', database: 'default' },
  mongo: { uri: 'mongodb://127.0.0.1:1/x?serverSelectionTimeoutMS=300' },
};

/** The warnings of a start. */
async function warningsOf(accessMode: 'grants' | 'guard'): Promise<string[]> {
  let written = '';
  const destination = new Writable({
    write(chunk, _encoding, done) {
      written += String(chunk);
      done();
    },
  });
  const config = testConfig(nowhere, { TENANCY_ACCESS_MODE: accessMode });
  const server = new Server(config, createLogger('info', destination));
  await server.start();
  await server.stop();
  return written
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { level: string; msg: string })
    .filter(({ level }) => level === 'warn')
    .map(({ msg }) => msg);
}

it('a start with a target of mode "guard" says that the guard is the only wall', async () => {
  const warnings = await warningsOf('guard');
  expect(warnings.filter((warning) => warning.includes('the guard is the only wall'))).toHaveLength(
    1,
  );
});

it('a start with users for every tenant does not', async () => {
  const warnings = await warningsOf('grants');
  expect(warnings.filter((warning) => warning.includes('guard'))).toEqual([]);
});
