import { cacheKey, hostPlatform, type ManifestFile } from '../cacheKey';
import { natives } from '../natives';

const files: ManifestFile[] = [
  { name: 'go.mod', content: 'module m\n' },
  { name: 'main.go', content: 'package main\n' },
];
const platform = { os: 'linux', arch: 'amd64' };

describe('cacheKey', () => {
  const key = cacheKey(natives.ferretdb, files, platform);

  it('is the same for the same files in any order', () => {
    expect(cacheKey(natives.ferretdb, files.toReversed(), platform)).toBe(key);
  });

  it.each([
    [
      'a file changes',
      natives.ferretdb,
      [files[0]!, { name: 'main.go', content: 'other' }],
      platform,
    ],
    [
      'a file is renamed',
      natives.ferretdb,
      [files[0]!, { name: 'x.go', content: 'package main\n' }],
      platform,
    ],
    ['a file is added', natives.ferretdb, [...files, { name: 'y.go', content: '' }], platform],
    ['the version changes', { ...natives.ferretdb, version: '9.9.9' }, files, platform],
    ['the command changes', { ...natives.ferretdb, steps: [['build', '.']] }, files, platform],
    ['the machine differs', natives.ferretdb, files, { os: 'darwin', arch: 'arm64' }],
  ])('changes when %s', (_what, native, changed, machine) => {
    expect(cacheKey(native, changed, machine)).not.toBe(key);
  });
});

describe('hostPlatform', () => {
  it("uses Go's names", () => {
    expect(hostPlatform('linux', 'x64')).toEqual({ os: 'linux', arch: 'amd64' });
    expect(hostPlatform('darwin', 'arm64')).toEqual({ os: 'darwin', arch: 'arm64' });
  });
});
