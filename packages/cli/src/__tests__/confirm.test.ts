import { PassThrough } from 'node:stream';

import { assertConfirmable, confirm } from '../confirm';

const unsaid = { dryRun: false, yes: false };

function terminal(isTTY = true) {
  const input = Object.assign(new PassThrough(), { isTTY });
  const output = Object.assign(new PassThrough(), { isTTY });
  return { input, output };
}

/** Confirms at a terminal where this is typed. */
async function answer(typed: string | undefined): Promise<{ result: unknown; shown: string }> {
  const { input, output } = terminal();
  const result = confirm('remove operator ada\u001b[2J', unsaid, false, { input, output }).catch(
    (error: unknown) => error,
  );
  if (typed === undefined) input.end();
  else input.write(`${typed}\n`);
  const ended = await result;
  return { result: ended, shown: String(output.read()) };
}

it.each(['y', 'Y', 'yes', ' YES '])('goes on after "%s"', async (typed) => {
  const { result, shown } = await answer(typed);
  expect(result).toBe(true);
  // What the server names is spelled out here as well.
  expect(shown).toContain('Remove operator ada\\u{1b}[2J? [y/N] ');
});

it.each(['', 'n', 'no', 'yep', 'y n', undefined])('does not go on after "%s"', async (typed) => {
  expect((await answer(typed)).result).toMatchObject({ reason: 'usage', code: 'not_confirmed' });
});

it('asks nobody with --yes', async () => {
  const { input, output } = terminal(false);
  const asked = confirm('remove it', { ...unsaid, yes: true }, false, { input, output });
  await expect(asked).resolves.toBe(true);
  expect(output.read()).toBeNull();
});

it('needs --yes or --dry-run where there is no terminal', () => {
  expect(() => assertConfirmable(unsaid, terminal(false))).toThrow('--yes');
  for (const said of [{ yes: true }, { dryRun: true }])
    expect(() => assertConfirmable({ ...unsaid, ...said }, terminal(false))).not.toThrow();
  expect(() => assertConfirmable(unsaid, terminal())).not.toThrow();
});
