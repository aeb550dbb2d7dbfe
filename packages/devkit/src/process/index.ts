export { freePort } from './freePort';
export { spawnManaged } from './managed';
export type { Exit, ManagedProcess, SpawnOptions } from './managed';
export { waitFor } from './waitFor';
export type { WaitOptions } from './waitFor';
