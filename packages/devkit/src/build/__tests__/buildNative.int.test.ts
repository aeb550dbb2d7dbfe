import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildNative } from '..';

jest.setTimeout(600_000);

describe('buildNative', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'buildNative-'));
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** A folder on PATH with a `go` that answers as told and writes down that it was asked to build. */
  async function fakeGo(version: string, build: string): Promise<NodeJS.ProcessEnv> {
    const bin = join(folder, 'path');
    await mkdir(bin);
    const script = `#!/bin/sh
if [ "$1" = version ]; then echo "go version go${version} linux/amd64"; exit 0; fi
echo "$*" >> '${folder}/asked'
while [ "$1" != -o ]; do shift; done
${build}
`;
    await writeFile(join(bin, 'go'), script);
    await chmod(join(bin, 'go'), 0o755);
    return { PATH: `${bin}:/usr/bin:/bin`, HYPERDX_TENANCY_CACHE: join(folder, 'cache') };
  }

  it('names the remedies where there is neither Go nor Docker', async () => {
    const env = { PATH: '', HYPERDX_TENANCY_CACHE: folder };
    await expect(buildNative('collector', { env })).rejects.toThrow(
      /needs Go 1\.\d+ or later, or Docker.*install Go.*start Docker.*HYPERDX_TENANCY_COLLECTOR_BIN.*native\/collector\/manifest\.yaml/,
    );
  });

  it('says so where Go is too old', async () => {
    const env = await fakeGo('1.19.2', 'exit 1');
    await expect(buildNative('ferretdb', { env })).rejects.toThrow(
      /FerretDB needs Go 1\.\d+ or later and found go 1\.19/,
    );
  });

  it('takes the program that a variable names', async () => {
    const env = { PATH: '', HYPERDX_TENANCY_FERRETDB_BIN: '/bin/sh' };
    expect(await buildNative('ferretdb', { env })).toBe('/bin/sh');
  });

  it('refuses a variable that names no program', async () => {
    const env = { HYPERDX_TENANCY_FERRETDB_BIN: join(folder, 'absent') };
    await expect(buildNative('ferretdb', { env })).rejects.toThrow(/HYPERDX_TENANCY_FERRETDB_BIN/);
  });

  it('builds once for everybody, and not again', async () => {
    const env = await fakeGo('1.99.0', `sleep 0.3; echo '#!/bin/sh' > "$2"`);
    const paths = await Promise.all([
      buildNative('ferretdb', { env }),
      buildNative('ferretdb', { env }),
      buildNative('ferretdb', { env }),
    ]);
    expect(new Set(paths).size).toBe(1);
    expect((await stat(paths[0])).mode & 0o111).toBe(0o111);
    const { size } = await stat(join(folder, 'asked'));
    // Without Go now: what is in the cache needs none.
    const again = await buildNative('ferretdb', { env: { ...env, PATH: '' } });
    expect(again).toBe(paths[0]);
    expect((await stat(join(folder, 'asked'))).size).toBe(size);
    expect(await readdir(join(folder, 'cache', 'work'))).toEqual([]);
    expect(await readdir(join(folder, 'cache', 'locks'))).toEqual([]);
  });

  it('shows the end of a failed build, leaves nothing in the cache, and can be tried again', async () => {
    const env = await fakeGo('1.99.0', `echo 'main.go:1:1: syntax error' >&2; exit 1`);
    await expect(buildNative('ferretdb', { env })).rejects.toThrow(/main\.go:1:1: syntax error/);
    await expect(readdir(join(folder, 'cache', 'bin'))).rejects.toThrow();
    await rm(join(folder, 'path'), { recursive: true });
    const repaired = await fakeGo('1.99.0', `echo '#!/bin/sh' > "$2"`);
    expect(await buildNative('ferretdb', { env: repaired })).toContain('ferretdb-1.24.2');
  });

  it('tries again when modules cannot be fetched at first', async () => {
    const env = await fakeGo(
      '1.99.0',
      `if [ ! -e '${folder}/once' ]; then touch '${folder}/once'; echo 'go: m@v1: reading https://mirror.test/m: 403 Forbidden' >&2; exit 1; fi
echo '#!/bin/sh' > "$2"`,
    );
    const said: string[] = [];
    await buildNative('ferretdb', { env, onProgress: (line) => said.push(line) });
    expect(said).toContain('fetching modules failed (try 1), trying again');
  });
});
