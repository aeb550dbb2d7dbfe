import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootstrapConfig, idleConfig, validateConfig } from '..';
import { badConfig, offeredConfig } from './offers';

jest.setTimeout(300_000);

describe('validateConfig', () => {
  it('takes the bootstrap with an offer', async () => {
    expect(await validateConfig([bootstrapConfig, offeredConfig('one')])).toEqual({ ok: true });
  });

  it('refuses the bootstrap alone, as HyperDX does', async () => {
    const verdict = await validateConfig([bootstrapConfig]);
    expect(verdict).toMatchObject({ ok: false });
  });

  it('takes the bootstrap with its idle ends', async () => {
    expect(await validateConfig([idleConfig, bootstrapConfig])).toEqual({ ok: true });
  });

  it('says what is wrong', async () => {
    const verdict = await validateConfig([bootstrapConfig, badConfig('bad')]);
    expect(verdict).toEqual({
      ok: false,
      message: expect.stringContaining('unknown type: "nosuchexporter"') as string,
    });
  });

  it('merges in order: the later config wins', async () => {
    const broken = JSON.stringify({ service: { pipelines: { traces: { exporters: ['nope'] } } } });
    const offer = offeredConfig('one');
    expect(await validateConfig([bootstrapConfig, broken, offer])).toEqual({ ok: true });
    expect(await validateConfig([bootstrapConfig, offer, broken])).toMatchObject({ ok: false });
  });

  it('reads paths, and variables of the environment', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'validate-'));
    try {
      const path = join(folder, 'offer.yaml');
      await writeFile(
        path,
        offeredConfig('one').replace('"exporters":["nop"]', '"exporters":["${env:END}"]'),
      );
      expect(await validateConfig([bootstrapConfig, path], { env: { END: 'nop' } })).toEqual({
        ok: true,
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
