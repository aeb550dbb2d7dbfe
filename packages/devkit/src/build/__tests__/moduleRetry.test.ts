import { isTransient, retryingModules } from '../moduleRetry';
import type { CommandResult } from '../runCommand';

const failed = (output: string): CommandResult => ({ code: 1, output, timedOut: false });
const done: CommandResult = { code: 0, output: '', timedOut: false };
const refused =
  'go: example.test/m@v1.0.0: reading https://mirror.test/m/@v/v1.0.0.zip: 403 Forbidden';

describe('isTransient', () => {
  it.each([
    refused,
    'reading https://mirror.test/m/@v/list: 404 Not Found',
    'reading https://mirror.test/m/@v/list: 502 Bad Gateway',
    'Get "https://mirror.test/m": net/http: TLS handshake timeout',
    'Get "https://mirror.test/m": dial tcp: lookup mirror.test: no such host',
    'read tcp 127.0.0.1:1->127.0.0.1:2: read: connection reset by peer',
    'Get "https://mirror.test/m": unexpected EOF',
  ])('%s', (output) => {
    expect(isTransient(output)).toBe(true);
  });

  it.each([
    './main.go:403:2: undefined: x',
    'go: updates to go.mod needed',
    'verifying example.test/m@v1.0.0: checksum mismatch',
    'link: signal: killed',
  ])('not: %s', (output) => {
    expect(isTransient(output)).toBe(false);
  });
});

describe('retryingModules', () => {
  it('tries again until the module is there', async () => {
    const results = [failed(refused), failed(refused), done];
    const retries: number[] = [];
    const result = await retryingModules(() => Promise.resolve(results.shift()!), {
      firstDelayMs: 0,
      onRetry: (attempt) => retries.push(attempt),
    });
    expect(result).toBe(done);
    expect(retries).toEqual([1, 2]);
  });

  it('gives up in the end', async () => {
    let runs = 0;
    const run = () => {
      runs++;
      return Promise.resolve(failed(refused));
    };
    expect(await retryingModules(run, { firstDelayMs: 0 })).toMatchObject({ code: 1 });
    expect(runs).toBe(6);
  });

  it('does not repeat what failed for another reason', async () => {
    let runs = 0;
    await retryingModules(() => {
      runs++;
      return Promise.resolve(failed('./main.go:1:1: expected package'));
    });
    expect(runs).toBe(1);
  });
});
