import { createLogger } from '../logger';
import type { Logger } from '../logger';
import { withLogFields } from '../logScope';

/** A log kept in memory. */
function memoryLog(level = 'trace'): { log: Logger; lines: () => Record<string, unknown>[] } {
  const written: string[] = [];
  const log = createLogger(level, { write: (line) => void written.push(line) });
  return {
    log,
    lines: () => written.map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

describe('createLogger', () => {
  it('writes a JSON object a line, with time, level and text', () => {
    const { log, lines } = memoryLog();
    log.info({ step: 'tables' }, 'done');
    expect(lines()).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string,
        step: 'tables',
        msg: 'done',
      },
    ]);
  });

  it('cuts values under the keys of secrets, down to two levels below the top', () => {
    const { log, lines } = memoryLog();
    const fields = { password: 'hunter2', apiKey: 'hunter2', token: 'hunter2' };
    log.warn({ ...fields, team: fields, target: { access: fields } }, 'on purpose');
    log.child({ secret: 'hunter2' }).warn('on purpose');
    const text = JSON.stringify(lines());
    expect(text).not.toContain('hunter2');
    expect(text.split('[redacted]')).toHaveLength(11);
  });

  it("does not take an error's message for the line's", () => {
    const { log, lines } = memoryLog();
    const error = new SyntaxError('hunter2');
    log.error({ err: error });
    log.error(error);
    expect(lines()).toMatchObject([
      { msg: 'error', err: { type: 'SyntaxError' } },
      { msg: 'error', err: { type: 'SyntaxError' } },
    ]);
    expect(JSON.stringify(lines())).not.toContain('hunter2');
  });

  it('names the request in all lines written for it, and in no other', async () => {
    const { log, lines } = memoryLog();
    const tenantLog = log.child({ tenant: 'a' });
    await Promise.all(
      ['one', 'two'].map((requestId) =>
        withLogFields({ requestId }, async () => {
          await new Promise((resolve) => setImmediate(resolve));
          tenantLog.info(requestId);
        }),
      ),
    );
    log.info('outside');
    const said = lines().map(({ msg, requestId, tenant }) => [msg, requestId, tenant]);
    expect(said.sort()).toEqual([
      ['one', 'one', 'a'],
      ['outside', undefined, undefined],
      ['two', 'two', 'a'],
    ]);
  });
});
