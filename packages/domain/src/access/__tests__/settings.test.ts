import { pinnedNames } from '../access';
import { defaultReaderLimits, defaultWriterLimits } from '../limits';
import type { SettingRule } from '../settings';
import { readerSettings, writerSettings } from '../settings';
import { access, serverSettings } from './fixtures';

const reader = readerSettings(defaultReaderLimits);
const writer = writerSettings(defaultWriterLimits);
const byName = (rules: readonly SettingRule[], name: string) =>
  rules.find((rule) => rule.name === name);

/** Written by hand from what HyperDX 2.36 was seen to send, and what its code sends. */
const sentByHyperdx: [string, string | number][] = [
  ['allow_experimental_analyzer', 1],
  ['date_time_output_format', 'iso'],
  ['cancel_http_readonly_queries_on_client_close', 1],
  ['output_format_json_quote_64bit_integers', 1],
  ['query_plan_optimize_lazy_materialization', 1],
  ['query_plan_max_limit_for_lazy_materialization', 100_000],
  ['use_skip_indexes_for_top_k', 1],
  ['query_plan_max_limit_for_top_k_optimization', 100_000],
  ['use_skip_indexes_on_data_read', 1],
  ['use_skip_indexes_for_disjunctions', 1],
  ['enable_full_text_index', 1],
  ['max_execution_time', 60],
  ['max_execution_time', 15],
  ['timeout_overflow_mode', 'break'],
  ['max_rows_to_read', 0],
  ['max_rows_to_read', 3_000_000],
  ['read_overflow_mode', 'break'],
  ['join_algorithm', 'auto'],
];

describe('what a reader may change', () => {
  it.each(sentByHyperdx)('is what HyperDX sends: %s = %s', (name, value) => {
    const rule = byName(reader, name);
    expect(rule?.access).toBe('changeable');
    if (typeof value !== 'number') return;
    expect(value).toBeGreaterThanOrEqual(rule?.min ?? -Infinity);
    expect(value).toBeLessThanOrEqual(rule?.max ?? Infinity);
  });

  it('is nothing else but to ask for less of a limit', () => {
    // The query door adds one of its own.
    const sent = new Set([...sentByHyperdx.map(([name]) => name), 'enable_http_compression']);
    const more = reader.filter(({ name, access: how }) => how === 'changeable' && !sent.has(name));
    // `allow_calculating_...` is sent by later releases.
    const lessOf = more.filter(({ optional }) => !optional);
    for (const { name, value, min, max } of lessOf) {
      expect([name, min, max]).toEqual([name, 1, value]);
    }
    expect(more.filter(({ optional }) => optional)).toHaveLength(1);
  });
});

describe.each([
  ['reader', reader],
  ['writer', writer],
])('settings of a %s', (_role, rules) => {
  it('are stated once each, with a reason', () => {
    expect(new Set(rules.map(({ name }) => name)).size).toBe(rules.length);
    for (const { why } of rules) expect(why).not.toBe('');
  });

  it('hold every limit in a range without 0', () => {
    // Sent as 0 on purpose, and no limit of ours: the one that holds is max_rows_to_read_leaf.
    const limits = rules.filter(
      ({ name }) => /(^|_)max_/.test(name) && name !== 'max_rows_to_read',
    );
    expect(limits.length).toBeGreaterThanOrEqual(4);
    for (const { name, access: how, value, min = 0, max = 0 } of limits) {
      expect([name, how]).toEqual([name, 'changeable']);
      expect(min).toBeGreaterThan(0);
      expect(max).toBeGreaterThanOrEqual(min);
      if (value !== undefined) expect(value).toBe(max);
    }
  });

  it('hold a value for every constant, and one within the range for the rest', () => {
    for (const { name, access: how, value, min, max } of rules) {
      if (how === 'const') {
        expect([name, value]).not.toEqual([name, undefined]);
        expect([name, min, max]).toEqual([name, undefined, undefined]);
      } else if (typeof value === 'number') {
        expect(value).toBeGreaterThanOrEqual(min ?? -Infinity);
        expect(value).toBeLessThanOrEqual(max ?? Infinity);
      }
    }
  });

  it('keep the query cache off', () => {
    expect(byName(rules, 'use_query_cache')).toMatchObject({ access: 'const', value: 0 });
  });
});

describe('on a server', () => {
  it('name nothing optional that it does not list', () => {
    const names = access().reader.settings.map(({ name }) => name);
    expect(names).toContain('use_skip_indexes_for_top_k');
    expect(names).not.toContain('use_skip_indexes_on_data_read');
  });

  it('make a reader readonly, in either mode', () => {
    const rule = (readerMode: 'readonly' | 'pins') =>
      byName(access({ readerMode }).reader.settings, 'readonly');
    expect(rule('readonly')).toMatchObject({ access: 'const', value: 1 });
    expect(rule('pins')).toMatchObject({ access: 'const', value: 2 });
    expect(access({ readerMode: 'pins' }).reader).toMatchObject({
      inherits: 'hdx_reader_pins',
      changeableInReadonly: false,
    });
  });

  it('are pinned where no rule speaks of them, under any of their names', () => {
    expect(pinnedNames(serverSettings)).toEqual(['max_threads']);
  });
});
