import { Plans, SettingsOverride, SettingsPatch } from '..';

const faults = (
  schema: typeof SettingsOverride | typeof SettingsPatch | typeof Plans,
  data: unknown,
) =>
  (schema.safeParse(data).error?.issues ?? []).map(
    ({ path, message }) => `${path.join('.')}: ${message}`,
  );

describe('settings of a plan or a tenant', () => {
  it.each([
    [{ retentionHours: { logs: 0 } }, 'retentionHours.logs: must be at least 1'],
    [{ retentionHours: { logs: 1.5 } }, 'retentionHours.logs: must be a whole number'],
    [{ retentionHours: { logs: 438_001 } }, 'retentionHours.logs: must be at most 438000'],
    [{ reader: { maxExecutionSeconds: 59 } }, 'reader.maxExecutionSeconds: must be at least 60'],
    [{ reader: { maxRowsToRead: 0 } }, 'reader.maxRowsToRead: must be at least 1'],
    [{ writer: { maxMemoryBytes: -1 } }, 'writer.maxMemoryBytes: must be at least 1'],
    [{ quota: { reader: [{ seconds: 61 }] } }, 'quota.reader.0.seconds: must be one of 60, 3600'],
    [{ quota: { reader: [] } }, 'quota.reader: must name an interval'],
    [{ quota: { writer: [{ seconds: 60 }, { seconds: 60 }] } }, 'quota.writer: must not name'],
    [{ retentionHours: { log: 5 } }, 'retentionHours: Unrecognized key'],
    [{ retention: {} }, 'Unrecognized key'],
  ])('%j is refused, naming the field', (data, fault) => {
    expect(faults(SettingsOverride, data).join('\n')).toContain(fault);
  });

  it('may state nothing, and not null', () => {
    expect(faults(SettingsOverride, {})).toEqual([]);
    expect(faults(SettingsOverride, { retentionHours: { logs: null } })).toHaveLength(1);
    expect(faults(SettingsPatch, { retentionHours: { logs: null }, quota: null })).toEqual([]);
  });

  it('cannot be changed to another partitioning, and an unknown name is no way to remove', () => {
    expect(faults(SettingsPatch, { partitioning: 'week' })).toHaveLength(1);
    expect(faults(SettingsPatch, { reader: { maxRows: null } })).toHaveLength(1);
  });

  it('may say the same for a plan as for a change of it', () => {
    const groups = ['retentionHours', 'reader', 'writer', 'quota'] as const;
    for (const group of groups) {
      const plan = SettingsOverride.shape[group].unwrap();
      const patch = SettingsPatch.shape[group].unwrap().unwrap();
      expect(Object.keys(patch.shape)).toEqual(Object.keys(plan.shape));
    }
  });
});

describe('plans', () => {
  it('have names of their own, and the default is one of them', () => {
    expect(faults(Plans, { plans: [{ name: 'a' }, { name: 'a' }], default: 'b' })).toEqual([
      'plans.1.name: is the name of another plan as well',
      'default: is none of the plans',
    ]);
    expect(Plans.parse({ plans: [{ name: 'a' }], default: 'a' }).plans[0]?.settings).toEqual({});
  });

  it.each(['', 'Big', 'a b', '-a', '../x', 'a'.repeat(64)])('cannot be called "%s"', (name) => {
    expect(faults(Plans, { plans: [{ name }] })).toHaveLength(1);
  });
});
