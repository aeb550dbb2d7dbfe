import { readManifest, requiredGo } from '../buildNative';
import { nativeNames, natives } from '../natives';

describe('the manifests', () => {
  it.each(nativeNames)('%s: names its Go version and has checksums', async (name) => {
    const manifest = await readManifest(name);
    expect(requiredGo(manifest)[0]).toBe(1);
    expect(manifest.map((file) => file.name)).toEqual(expect.arrayContaining(['go.mod', 'go.sum']));
  });

  it("collector: go.mod has the builder manifest's modules at its versions", async () => {
    const manifest = await readManifest('collector');
    const text = (name: string) => manifest.find((file) => file.name === name)?.content ?? '';
    const wanted = [...text('manifest.yaml').matchAll(/gomod: (\S+ \S+)/g)].map(([, m]) => m ?? '');
    expect(wanted.length).toBeGreaterThan(15);
    const required = text('go.mod')
      .split('\n')
      .map((line) => line.trim());
    expect(wanted.filter((module) => !required.includes(module))).toEqual([]);
  });

  it('collector: its components are of the version it is named for', async () => {
    const manifest = await readManifest('collector');
    const text = manifest.find(({ name }) => name === 'manifest.yaml')?.content ?? '';
    const contrib = [...text.matchAll(/-contrib\/\S+ v(\S+)/g)].map(([, version]) => version);
    expect(new Set(contrib)).toEqual(new Set([natives.collector.version]));
  });
});
