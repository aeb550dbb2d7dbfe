import { EmailAddress, NewPassword, passwordFault, Registration } from '../account';

const GOOD = 'Correct-horse-7-battery!';

describe('passwordFault', () => {
  it.each([GOOD, 'Aa1!Aa1!Aa1!', `Aa1!${'x'.repeat(68)}`, 'Ünïcode-Aa1-ünïcode'])(
    '%s is good',
    (password) => {
      expect(passwordFault(password)).toBeUndefined();
      expect(NewPassword.safeParse(password).success).toBe(true);
    },
  );

  it.each([
    ['Aa1!Aa1!Aa1', 'at least 12'],
    [`Aa1!${'x'.repeat(69)}`, 'at most 72'],
    [GOOD.toUpperCase(), 'lower-case'],
    [GOOD.toLowerCase(), 'upper-case'],
    [GOOD.replace('7', 'x'), 'digit'],
    [GOOD.replace(/[-!]/g, 'x'), 'special'],
  ])('%s breaks a rule, and it says which', (password, rule) => {
    const fault = passwordFault(password);
    expect(fault).toContain(rule);
    expect(fault).not.toContain(password);
  });

  it('what is no text is no password', () => {
    expect(passwordFault({ $gt: '' })).toBeDefined();
  });
});

it('an address is compared in the form in which it is stored', () => {
  expect(EmailAddress.parse(' Ada@Users.Example ')).toBe('ada@users.example');
  expect(EmailAddress.safeParse('ada').success).toBe(false);
  expect(EmailAddress.safeParse(`${'a'.repeat(250)}@b.example`).success).toBe(false);
});

it('both passwords of a registration are the same', () => {
  const wish = { email: 'ada@users.example', password: GOOD, confirmPassword: GOOD };
  expect(Registration.parse(wish)).toEqual(wish);
  const issues = Registration.safeParse({ ...wish, confirmPassword: 'x' }).error?.issues;
  expect(issues?.map(({ path }) => path)).toEqual([['confirmPassword']]);
});
