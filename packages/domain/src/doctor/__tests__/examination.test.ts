import { DoctorReport } from '../../contracts/doctor';
import { Examination } from '../examination';
import { listed } from '../fault';
import type { Fault, Severity } from '../fault';

const now = new Date('2026-08-01T12:00:00Z');
const fault = (check: Fault['check'], severity: Severity, message: string): Fault => {
  return { check, severity, tenant: null, message, fix: 'Mend it.' };
};

it('puts errors first, then the order of targets and checks, whoever came first', () => {
  const faults = [
    [fault('access.users', 'info', 'one'), 'second'],
    [fault('tables.present', 'error', 'two'), 'second'],
    [fault('access.users', 'error', 'three'), 'second'],
    [fault('tables.present', 'error', 'four'), 'first'],
    [fault('documents.teams', 'warning', 'five'), null],
  ] as const;
  const report = (order: typeof faults | (typeof faults)[number][]) => {
    const examination = new Examination();
    for (const [one, target] of order) examination.add(one, target);
    return examination.report(now, ['first', 'second']);
  };
  const { findings, checks, ok } = report(faults);
  expect(findings.map(({ message }) => message)).toEqual(['four', 'three', 'two', 'five', 'one']);
  expect(checks.map(({ name, target }) => [target, name])).toEqual([
    [null, 'documents.teams'],
    ['first', 'tables.present'],
    ['second', 'access.users'],
    ['second', 'tables.present'],
  ]);
  expect(ok).toBe(false);
  expect(report([...faults].reverse())).toEqual(report(faults));
  expect(DoctorReport.parse(report(faults))).toEqual(report(faults));
});

it('tells for each check what became of it', () => {
  const examination = new Examination();
  examination.begin('target.tls', 't');
  for (const name of ['target.rights', 'access.users'] as const) examination.made(name, 't');
  examination.says('access.users', 't', '7 tenants');
  examination.skip('server.login', 't', 'nobody there');
  examination.add(fault('configuration.adminToken', 'info', 'still on'), null);
  examination.made('configuration.adminToken', null);
  examination.add(fault('target.mode', 'warning', 'guard'), 't');
  const { checks, ok } = examination.report(now, ['t']);
  expect(checks.map(({ name, status, detail }) => [name, status, detail])).toEqual([
    ['configuration.adminToken', 'ok', '1 thing(s) to know'],
    // Begun, and never ended: that nothing was found says nothing.
    ['target.tls', 'skipped', 'not done in time'],
    ['target.mode', 'failed', '0 error(s), 1 warning(s), 0 other(s)'],
    ['target.rights', 'ok', ''],
    ['server.login', 'skipped', 'nobody there'],
    ['access.users', 'ok', '7 tenants'],
  ]);
  expect(ok).toBe(true);
});

it('stays small however much is broken, and counts the rest', () => {
  const examination = new Examination();
  const targets = Array.from({ length: 20 }, (_, index) => `t${index}`);
  for (const target of targets) {
    for (let index = 0; index < 5_000; index += 1) {
      examination.add(fault('access.grants', 'warning', `w${index}`), target);
    }
    examination.add(fault('access.grants', 'error', 'after all others'), target);
  }
  const report = examination.report(now, targets);
  expect(report.findings).toHaveLength(500);
  expect(report.omitted).toBe(20 * 5_001 - 500);
  // What matters most is not pushed out by what came first.
  expect(report.findings.filter(({ severity }) => severity === 'error')).toHaveLength(20);
  expect(report.checks[0]?.detail).toBe('1 error(s), 5000 warning(s), 0 other(s)');
});

it('names a few things of many, and no name of any length or with control characters', () => {
  expect(listed(['a', 'b'])).toBe('a, b');
  expect(listed(['1', '2', '3', '4', '5', '6', '7'])).toBe('1, 2, 3, 4, 5 and 2 more');
  expect(listed(['x'.repeat(10_000)]).length).toBeLessThan(200);
  expect(listed(['red \u001b[31m'])).toBe('"red \\u001b[31m"');
});
