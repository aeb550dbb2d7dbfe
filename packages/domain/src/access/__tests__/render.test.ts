import { failure } from '../../tables/__tests__/failure';
import {
  renderAccess,
  renderAddPassword,
  renderDropAccess,
  renderDropOldPasswords,
  renderReaderPins,
  renderResume,
  renderSetPassword,
  renderSuspend,
  renderViewsDefiner,
} from '../render';
import type { AccessStatement, RenderOptions } from '../render';
import { access, password } from './fixtures';

const passwords = { reader: password, writer: password };
const hostile = "x`; DROP TABLE t; -- \\ ' {p:Identifier}";

const everything = (options: RenderOptions, database = 'otel'): AccessStatement[] => {
  const of = access({
    database,
    quota: { reader: [{ seconds: 60, queries: 600, executionSeconds: 120 }] },
  });
  return [
    ...renderAccess(of, passwords, options),
    ...renderViewsDefiner(database, password, options),
    ...renderReaderPins(['max_threads', 'priority'], options),
    renderAddPassword(of.writer, password, options),
    renderDropOldPasswords(of.writer, options),
    renderSetPassword(of.writer, password, options),
    ...renderSuspend(of, { reading: 'goes on' }, options),
    ...renderSuspend(of, { reading: 'stops' }, options),
    ...renderResume(of, options),
    ...renderDropAccess(of, options),
  ];
};
const text = (statements: readonly AccessStatement[]): string =>
  statements.map(({ loggable }) => loggable).join(';\n');

describe('statements', () => {
  it.each([
    ['one server', {}],
    ['a cluster', { cluster: 'main' }],
  ])('are these on %s', (_name, options) => {
    expect(text(everything(options))).toMatchSnapshot();
  });

  it('are these for a reader with pins', () => {
    const of = access({ readerMode: 'pins' });
    expect(text(renderAccess(of, passwords).slice(0, 2))).toMatchSnapshot();
  });

  it('each name the cluster, and none without one', () => {
    for (const { sql } of everything({ cluster: 'main' }))
      expect(sql).toContain('ON CLUSTER `main`');
    for (const { sql } of everything({})) expect(sql).not.toContain('ON CLUSTER');
  });

  it('can each be run again', () => {
    for (const { sql } of everything({})) {
      expect(sql).toMatch(
        /^(CREATE [A-Z ]+ IF NOT EXISTS|ALTER [A-Z ]+ IF EXISTS|DROP [A-Z ]+ IF EXISTS|GRANT .*|REVOKE) ?/,
      );
    }
  });

  it('give limits before rights, and take users away before their limits', () => {
    const kinds = renderAccess(access(), passwords).map(({ kind }) => kind);
    expect(kinds.slice(0, 7)).toEqual([
      'profile',
      'profile',
      'user',
      'user',
      'quota',
      'quota',
      'grant',
    ]);
    expect(renderDropAccess(access()).map(({ kind }) => kind)).toEqual([
      'user',
      'user',
      'quota',
      'quota',
      'profile',
      'profile',
    ]);
  });
});

describe('secrets', () => {
  it('are in no text that may be logged', () => {
    for (const { sql, loggable } of everything({})) {
      expect(loggable).not.toContain(password.hash);
      expect(loggable).not.toContain(password.salt);
      if (!sql.includes('IDENTIFIED')) expect(loggable).toBe(sql);
    }
    expect(everything({}).filter(({ sql }) => sql.includes(password.hash))).toHaveLength(5);
  });

  it.each([
    { hash: `${'ab'.repeat(31)}a'`, salt: password.salt },
    { hash: 'AB'.repeat(32), salt: password.salt },
    { hash: 'my password', salt: password.salt },
    { hash: password.hash, salt: "x' HOST ANY --" },
    { hash: password.hash, salt: '' },
  ])('of another form are refused, without being repeated: %j', (bad) => {
    const error = failure(() => renderAddPassword(access().reader, bad));
    expect(error.code).toBe('invalid_request');
    if (bad.hash !== password.hash) expect(error.message).not.toContain(bad.hash);
    if (bad.salt) expect(error.message).not.toContain(bad.salt);
  });
});

describe('suspension', () => {
  const of = access();

  it('takes INSERT and leaves DESC TABLE', () => {
    const [only, ...more] = renderSuspend(of, { reading: 'goes on' });
    expect(more).toEqual([]);
    expect(only?.object).toBe(of.writer.user);
    expect(only?.sql).toMatch(/^REVOKE INSERT ON /);
    expect(only?.sql).not.toContain('SHOW COLUMNS');
  });

  it('takes every right of the reader where reading stops', () => {
    const reader = renderSuspend(of, { reading: 'stops' }).at(-1);
    expect(reader?.object).toBe(of.reader.user);
    expect(reader?.sql.match(/SELECT ON/g)).toHaveLength(of.reader.grants.length);
  });
});

describe('names that are attacks', () => {
  /** What is left of a statement without its quoted parts, of which there must be whole ones only. */
  const unquoted = (sql: string): string => sql.replace(/`(?:\\.|[^\\`])*`|'(?:\\.|[^\\'])*'/g, '');

  it('stay one quoted token each', () => {
    const plain = everything({ cluster: 'main' }).map(({ sql }) => unquoted(sql));
    const attacked = everything({ cluster: hostile }, hostile).map(({ sql }) => unquoted(sql));
    expect(attacked).toEqual(plain);
    for (const sql of attacked) expect(sql).not.toMatch(/[`';]|--|TABLE t/);
  });

  it('with control characters are refused', () => {
    expect(failure(() => everything({ cluster: 'a\nb' })).code).toBe('invalid_table_name');
    expect(failure(() => everything({}, 'a\0b')).code).toBe('invalid_table_name');
  });
});
