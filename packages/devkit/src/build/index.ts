export { buildNative } from './buildNative';
export type { BuildOptions } from './buildNative';
export { cacheFolder } from './cacheFolder';
export { withFileLock } from './fileLock';
export { isNativeName, nativeNames, natives } from './natives';
export type { Native, NativeName } from './natives';
export { runCommand } from './runCommand';
export type { CommandOptions, CommandResult } from './runCommand';
