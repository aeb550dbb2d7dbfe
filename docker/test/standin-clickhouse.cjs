// Serves the devkit's ClickHouse to the network of the container: the devkit's own listens on the loopback interface alone,
// so what arrives at port 8123 is handed on to it. User, password and database come from the variables of the official image.
const { connect, createServer } = require('node:net');
const { startClickHouse } = require('../../packages/devkit/dist/clickhouse');

const inside = 18123;

async function main() {
  const clickhouse = await startClickHouse({
    dataDir: '/var/lib/clickhouse',
    port: inside,
    user: process.env.CLICKHOUSE_USER || 'default',
    password: process.env.CLICKHOUSE_PASSWORD || '',
    database: process.env.CLICKHOUSE_DB || 'default',
    logFile: '/proc/self/fd/2',
  });
  const server = createServer((outer) => {
    const inner = connect(inside, '127.0.0.1');
    for (const [one, other] of [
      [outer, inner],
      [inner, outer],
    ]) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
      one.pipe(other);
    }
  });
  server.listen(8123, '0.0.0.0');
  // The first process of a container has no default action for it.
  process.once('SIGTERM', () => {
    void clickhouse.stop().finally(() => process.exit(0));
  });
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
