import { defaultReaderLimits } from '../../access';
import { checkSetting } from '../settings';

describe('settings', () => {
  it.each([
    ['max_execution_time', '60'],
    ['max_rows_to_read', '0'],
    ['max_rows_to_read', '3000000'],
    ['read_overflow_mode', 'break'],
    ['timeout_overflow_mode', 'break'],
    ['join_algorithm', 'auto'],
    ['date_time_output_format', 'iso'],
    ['allow_experimental_analyzer', '1'],
    ['allow_experimental_analyzer', 'true'],
    ['output_format_json_quote_64bit_integers', '0'],
  ])('%s = %s passes', (name, value) => {
    expect(checkSetting(name, value)).toBe('pass');
  });

  it.each(['0', '1', '2'])('readonly = %s is left out: the platform sets it', (value) => {
    expect(checkSetting('readonly', value)).toBe('drop');
  });

  it.each([
    ['max_threads', '1'],
    ['use_query_cache', '0'],
    ['additional_table_filters', '{}'],
    ['profile', 'default'],
    ['max_execution_time', '0'],
    ['max_execution_time', '61'],
    ['max_execution_time', '1e1'],
    ['max_execution_time', '-1'],
    ['max_execution_time', ''],
    ['allow_experimental_analyzer', '0'],
    ['allow_experimental_analyzer', 'false'],
    ['join_algorithm', "auto', readonly = '0"],
    ['MAX_EXECUTION_TIME', '1'],
    ['__proto__', '1'],
    ['constructor', '1'],
  ])('%s = %s is refused', (name, value) => {
    expect(checkSetting(name, value)).toMatchObject({ allowed: false, rule: 'setting' });
  });

  it('are within the limits of the tenant', () => {
    const limits = { ...defaultReaderLimits, maxExecutionSeconds: 300 };
    expect(checkSetting('max_execution_time', '300', limits)).toBe('pass');
    expect(checkSetting('max_execution_time', '301', limits)).toMatchObject({ rule: 'setting' });
  });
});
