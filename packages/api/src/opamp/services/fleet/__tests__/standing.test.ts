import type { ConfigReport } from '../../../fleet';
import { isInconclusive } from '../../failures';
import { afterHealth, afterReport, afterTime, GRACE_MS, SETTLE_MS } from '../standing';
import type { Standing } from '../standing';

const TIME_OUT = 'Config apply timeout exceeded';

function report(status: ConfigReport['status'], error = ''): ConfigReport {
  return { hash: 'h', status, error };
}

function stands(status: ConfigReport['status'], error = '', known?: Standing): Standing {
  const standing = afterReport(known, report(status, error), 0);
  if (!standing) throw new Error('no standing');
  return standing;
}

describe('an agent with a config', () => {
  it('runs it once it has applied it', () => {
    expect(stands('applied').verdict).toBe('well');
  });

  it('failed it at once, with what it says', () => {
    expect(stands('failed', 'bad exporter')).toMatchObject({
      verdict: 'failed',
      reason: 'bad exporter',
    });
  });

  it('says nothing of it while it has none', () => {
    expect(afterReport(undefined, report('unset'), 0)).toBeUndefined();
  });

  it('runs it where it was slow to start and became healthy', () => {
    const slow = stands('failed', TIME_OUT);
    expect(slow.verdict).toBe('trying');
    expect(afterHealth(slow, true, 59_000).verdict).toBe('well');
  });

  it('failed it where it was slow and never became healthy', () => {
    const slow = stands('failed', TIME_OUT);
    expect(afterTime(slow, GRACE_MS - 1).verdict).toBe('trying');
    expect(afterTime(slow, GRACE_MS)).toMatchObject({ verdict: 'failed', reason: TIME_OUT });
  });

  it('is not given more time by saying again that it failed', () => {
    const failed = afterTime(stands('failed', TIME_OUT), GRACE_MS);
    expect(stands('failed', TIME_OUT, failed).verdict).toBe('failed');
  });

  it('is not given more time either by saying so while the time runs', () => {
    const slow = stands('failed', TIME_OUT);
    const again = afterReport(slow, report('failed', TIME_OUT), 30_000)!;
    expect(afterTime(again, GRACE_MS).verdict).toBe('failed');
  });

  it('may run it where its collector was stopped while it was starting', () => {
    const error = 'Agent exited unexpectedly with exit code 0 while applying configuration';
    const stopped = stands('failed', error);
    expect(stopped.verdict).toBe('trying');
    expect(afterHealth(stopped, true, 5_000).verdict).toBe('well');
    expect(afterTime(stopped, GRACE_MS)).toMatchObject({ verdict: 'failed', reason: error });
    // That it was healthy before says nothing yet.
    const healthy = afterHealth(stands('applying'), true, 0);
    const after = stands('failed', error, healthy);
    expect(after.verdict).toBe('trying');
    expect(afterTime(after, SETTLE_MS).verdict).toBe('well');
    expect(afterTime(afterHealth(after, false, 1), GRACE_MS + 1).verdict).toBe('failed');
  });

  it('failed it where it was unhealthy for a minute', () => {
    const ill = afterHealth(stands('applying'), false, 0);
    expect(afterTime(ill, GRACE_MS - 1).verdict).toBe('trying');
    expect(afterTime(ill, GRACE_MS).verdict).toBe('failed');
  });

  it('may run it after all where its collector crashed and was started once more', () => {
    const crashed = stands('failed', 'Agent exited unexpectedly with exit code 2');
    expect(crashed.verdict).toBe('failed');
    const back = afterHealth(crashed, true, 5_000);
    expect(back.verdict).toBe('trying');
    expect(afterTime(back, 5_000 + SETTLE_MS).verdict).toBe('well');
    const refused = stands('failed', 'Agent exited unexpectedly with exit code 1');
    expect(afterHealth(refused, true, 5_000).verdict).toBe('failed');
  });

  it('is not taken for well by the first it says: that may be of the collector before', () => {
    const early = afterHealth(stands('applying'), true, 0);
    expect(early.verdict).toBe('trying');
    const stopping = afterHealth(early, false, 300);
    expect(afterTime(stopping, SETTLE_MS + 1).verdict).toBe('trying');
    const started = afterHealth(stopping, true, 500);
    expect(afterTime(started, 500 + SETTLE_MS).verdict).toBe('well');
  });

  it('that ran it well does not fail it by falling ill later', () => {
    const ill = afterHealth(stands('applied'), false, 0);
    expect(afterTime(ill, GRACE_MS * 10).verdict).toBe('well');
  });

  it('is slow only where it says so itself', () => {
    expect(isInconclusive(TIME_OUT)).toBe(true);
    expect(isInconclusive("'exporters' timeout: invalid duration")).toBe(false);
  });
});
