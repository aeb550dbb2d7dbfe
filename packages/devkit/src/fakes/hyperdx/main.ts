import { optionsVariable } from './process';
import { startHyperdx, type HyperdxOptions } from './server';

/** The stand-in as a process: serves until it is asked to stop. */
async function main(): Promise<void> {
  const text = process.env[optionsVariable];
  if (text === undefined) throw new Error(`${optionsVariable} is not set: use spawnHyperdx`);
  const hyperdx = await startHyperdx(JSON.parse(text) as HyperdxOptions);
  process.once('SIGTERM', () => void hyperdx.stop());
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
