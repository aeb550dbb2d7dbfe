import { cells, ID, ok, useFakeApi } from './cli';

const api = useFakeApi();
const { cli } = api;

const report = {
  ok: true,
  checkedAt: '2026-01-02T03:04:05.000Z',
  findings: [] as object[],
  omitted: 0,
  checks: [
    { name: 'a-newer-check', target: 'default', status: 'ok', detail: '12 tenants' },
    { name: 'another', target: null, status: 'puzzled', detail: 'odd' },
  ],
};

const warning = {
  severity: 'warning',
  check: 'another',
  target: null,
  tenant: null,
  message: 'A warning.',
  fix: 'Look at it.',
};
const error = {
  severity: 'error',
  check: 'a-newer-check',
  target: 'default',
  tenant: ID,
  message: 'A grant too much.\u001b[2J',
  fix: 'Revoke it.',
};

it('prints the checks, and ends with 0 where all is well', async () => {
  api.answer(() => ok(report));
  const { code, stdout, stderr } = await cli('doctor');
  expect([code, stderr]).toEqual([0, '']);
  expect(cells(stdout)).toEqual([
    ['check', 'target', 'status', 'detail'],
    ['a-newer-check', 'default', 'ok', '12 tenants'],
    ['another', '', 'puzzled', 'odd'],
  ]);
  expect(api.asked()).toEqual(['GET /doctor']);
});

it('ends with 0 where there are warnings alone', async () => {
  api.answer(() => ok({ ...report, findings: [warning] }));
  const { code, stdout } = await cli('doctor');
  expect(code).toBe(0);
  expect(stdout).toContain('\nwarning: another\n  A warning.\n  fix: Look at it.\n');
});

it('prints the findings, and ends with 1 where there is an error', async () => {
  api.answer(() => ok({ ...report, ok: false, findings: [error, warning], omitted: 7 }));
  const { code, stdout, stderr } = await cli('doctor');
  expect(code).toBe(1);
  expect(stdout).toContain(
    `\nerror: a-newer-check, target default, tenant ${ID}\n  A grant too much.\\u{1b}[2J\n  fix: Revoke it.\n`,
  );
  expect(stdout).toContain('\nand 7 more\n');
  expect(stderr).toContain('1 or more error(s)');
});

it('is the answer itself with --json, and still ends with 1', async () => {
  const answer = { ...report, ok: false, findings: [error] };
  api.answer(() => ok(answer));
  const { code, stdout, stderr } = await cli('--json', 'doctor');
  expect([code, JSON.parse(stdout)]).toEqual([1, answer]);
  expect(JSON.parse(stderr)).toMatchObject({ code: 'doctor_errors' });
});
