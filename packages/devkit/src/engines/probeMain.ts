import { getContainerRuntimeClient } from 'testcontainers';
import { probeCapabilities } from './capabilities';
import { openClickHouse } from './clickhouse';
import type { Question } from './probe';

const answers: Record<Question, () => Promise<unknown>> = {
  async docker() {
    await getContainerRuntimeClient();
    return true;
  },
  async capabilities() {
    const clickhouse = await openClickHouse();
    try {
      return await probeCapabilities(clickhouse);
    } finally {
      await clickhouse.stop();
    }
  },
};

/** Answers one question with a line of JSON. */
async function main(): Promise<void> {
  const question = process.argv[2] as Question;
  console.log(JSON.stringify(await answers[question]()));
}

main().then(
  // A client may hold sockets to the daemon open.
  () => process.exit(0),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
