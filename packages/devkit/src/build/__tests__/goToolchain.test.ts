import { dockerArgs, parseGoVersion } from '../goToolchain';

describe('parseGoVersion', () => {
  it.each([
    ['go version go1.26.8 linux/amd64', [1, 26]],
    ['go version go1.27rc1 darwin/arm64', [1, 27]],
    ['command not found', undefined],
  ])('%s', (output, expected) => {
    expect(parseGoVersion(output)).toEqual(expected);
  });
});

describe('dockerArgs', () => {
  const args = dockerArgs(['build', '.'], '/work', '/cache', { uid: 1000, gid: 1001 });

  it('runs go in the image, within a time, on the folder it was given', () => {
    const image = args.indexOf('golang:1.26');
    expect(args.slice(image + 1)).toEqual(['timeout', '1800', 'go', 'build', '.']);
    expect(args).toEqual(expect.arrayContaining(['/work:/src', '/cache:/cache']));
  });

  it('builds for this machine, as this user', () => {
    expect(args).toEqual(expect.arrayContaining(['--user', '1000:1001', 'CGO_ENABLED=0']));
    expect(args.some((arg) => /^GOOS=(linux|darwin)$/.test(arg))).toBe(true);
  });
});
