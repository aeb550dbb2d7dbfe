/** What a statement of ours is about, as far as its duration depends on it. */
export type StatementKind = 'table' | 'view' | 'access' | 'select' | 'other';

const KINDS: readonly (readonly [RegExp, StatementKind])[] = [
  [/^(SELECT|WITH|SHOW|DESCRIBE|DESC|EXISTS|EXPLAIN)\b/i, 'select'],
  [/^(CREATE|ALTER|DROP|RENAME|TRUNCATE|OPTIMIZE|ATTACH|DETACH)( OR REPLACE)? TABLE\b/i, 'table'],
  [/^(CREATE|ALTER|DROP)( OR REPLACE)?( MATERIALIZED)? VIEW\b/i, 'view'],
  [
    /^(CREATE|ALTER|DROP)( OR REPLACE)? (USER|ROLE|QUOTA|ROW POLICY|SETTINGS PROFILE|PROFILE)\b/i,
    'access',
  ],
  [/^(GRANT|REVOKE|SET DEFAULT ROLE)\b/i, 'access'],
];

/** Tells it by the first words; our renderers write them so. */
export function statementKind(sql: string): StatementKind {
  const start = sql.trimStart().slice(0, 64).replace(/\s+/g, ' ');
  return KINDS.find(([words]) => words.test(start))?.[1] ?? 'other';
}
