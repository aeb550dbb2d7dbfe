import { prepareMongo } from './openMongo';

/** Makes ready the MongoDB that tests and the demo will use, and says which one that is. */
async function main(): Promise<void> {
  console.log(`mongo: ${await prepareMongo(console.log)}`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
