// Compiles opamp.proto to a static decoder and its types: beside the sources for tests and the type
// check, and into dist, where the built API looks for it.
import { copyFile, mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const require = createRequire(import.meta.url);
const pbjs = promisify(require('protobufjs-cli/pbjs').main);
const pbts = promisify(require('protobufjs-cli/pbts').main);

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const source = join(root, 'src/opamp/proto/opamp.proto');
const gen = join(root, 'src/opamp/proto/gen');
const dist = join(root, 'dist/opamp/proto/gen');

await mkdir(gen, { recursive: true });
await mkdir(dist, { recursive: true });
const code = join(gen, 'opamp.js');
await pbjs([
  '--target',
  'static-module',
  '--wrap',
  'commonjs',
  '--no-verify',
  '--no-delimited',
  '--no-convert',
  '--no-service',
  '--out',
  code,
  source,
]);
await pbts(['--out', join(gen, 'opamp.d.ts'), code]);
await copyFile(code, join(dist, 'opamp.js'));
