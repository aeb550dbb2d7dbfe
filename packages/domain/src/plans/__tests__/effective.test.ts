import { effectiveSettings, effectiveValues, patchSettings, platformSettings } from '..';
import type { SettingsSources } from '..';

const sources: SettingsSources = {
  platform: platformSettings,
  plan: { retentionHours: { logs: 24, traces: 48 }, reader: { maxResultRows: 10 } },
  tenant: { retentionHours: { logs: 6 } },
};

const valueOf = (name: string, of: SettingsSources = sources) =>
  effectiveValues(of).find((value) => value.name === name);

describe('settings in force', () => {
  it("are the tenant's, else the plan's, else the platform's, each with its origin", () => {
    expect(valueOf('retentionHours.logs')).toMatchObject({ value: 6, origin: 'tenant' });
    expect(valueOf('retentionHours.traces')).toMatchObject({ value: 48, origin: 'plan' });
    expect(valueOf('retentionHours.metrics')).toMatchObject({ value: 720, origin: 'platform' });
    expect(effectiveSettings(sources)).toEqual({
      ...platformSettings,
      retentionHours: { logs: 6, traces: 48, sessions: 720, metrics: 720 },
      reader: { ...platformSettings.reader, maxResultRows: 10 },
    });
  });

  it('name every setting once, in one order, whoever states it', () => {
    const names = (of: SettingsSources) => effectiveValues(of).map(({ name }) => name);
    expect(names(sources)).toEqual(names({ platform: platformSettings }));
    expect(new Set(names(sources)).size).toBe(names(sources).length);
  });

  it('keep the partitioning that the tables were made with', () => {
    const of = {
      ...sources,
      plan: { partitioning: 'month' },
      tables: { partitioning: 'week' },
    } as const;
    expect(valueOf('partitioning', of)).toMatchObject({ value: 'week', origin: 'tables' });
    expect(effectiveSettings(of).partitioning).toBe('week');
    expect(effectiveSettings({ ...of, tables: undefined }).partitioning).toBe('month');
  });

  it('agree with their list', () => {
    const flat = (object: object, prefix = ''): [string, unknown][] =>
      Object.entries(object).flatMap(([key, value]: [string, unknown]) =>
        typeof value === 'object' && value !== null && !Array.isArray(value)
          ? flat(value, `${prefix}${key}.`)
          : [[`${prefix}${key}`, value]],
      );
    const listed = effectiveValues(sources).map(({ name, value }) => [name, value]);
    expect(Object.fromEntries(listed)).toEqual(
      Object.fromEntries(flat(effectiveSettings(sources))),
    );
  });

  it('replace a list of intervals as a whole', () => {
    const quota = { reader: [{ seconds: 60, queries: 5 } as const] };
    expect(effectiveSettings({ platform: platformSettings, tenant: { quota } }).quota).toEqual({
      reader: quota.reader,
      writer: platformSettings.quota.writer,
    });
  });
});

describe('a change of overrides', () => {
  const current = { retentionHours: { logs: 6, traces: 7 }, reader: { maxResultRows: 10 } };

  it('leaves alone what it does not name', () => {
    expect(patchSettings(current, { retentionHours: { traces: 9 } })).toEqual({
      retentionHours: { logs: 6, traces: 9 },
      reader: { maxResultRows: 10 },
    });
  });

  it('takes away what it sets to null: one setting, or a group', () => {
    expect(patchSettings(current, { retentionHours: { logs: null }, reader: null })).toEqual({
      retentionHours: { traces: 7 },
    });
    expect(patchSettings(current, { retentionHours: { logs: null, traces: null } })).toEqual({
      reader: { maxResultRows: 10 },
    });
  });

  it('does not touch what it was given', () => {
    const before = structuredClone(current);
    patchSettings(current, { reader: { maxResultRows: null } });
    expect(current).toEqual(before);
  });
});
