/** What a statement that is allowed does, as far as whoever runs it has to know. */
export type StatementClass = 'select' | 'explain' | 'describe' | 'show' | 'exists';

/** Each rule that can refuse something, and what it says. */
export const guardRules = {
  text: 'a text is one statement, in the tokens of ClickHouse SQL',
  statement: 'only SELECT, EXPLAIN, DESCRIBE, SHOW DATABASES, SHOW TABLES and EXISTS',
  table: 'tables are the tenant’s own, by their full names, and a few of system',
  function: 'functions are on an allow-list',
  table_function: 'table functions are on an allow-list, and name own tables alone',
  setting: 'settings are on an allow-list, within their ranges, at the end of the statement alone',
  parameter: 'each query parameter is given, and one that is a name is a plain one',
  unknown: 'what the guard does not know, it refuses',
} as const satisfies Record<string, string>;

export type GuardRule = keyof typeof guardRules;

/** Why a statement is not carried out. */
export interface Refusal {
  allowed: false;
  /** The rule that refuses it: stable, and fit for the label of a metric. */
  rule: GuardRule;
  /** For the caller, in the caller's own words: what is refused, never what exists. */
  message: string;
}

/** What runs in place of the text that was sent. */
export interface Permission {
  allowed: true;
  kind: StatementClass;
  /** The canonical text, without FORMAT and SETTINGS. */
  text: string;
  /** The format that the statement names: to be put behind the text as `FORMAT <format>`. A plain name. */
  format?: string;
  /** What the SETTINGS clause of the statement sets, checked: to be sent as those of the URL are. */
  settings: readonly Setting[];
}

export type Setting = readonly [name: string, value: string];

export type Verdict = Permission | Refusal;

/** The longest piece of a caller's text that a message repeats. */
const quotedLength = 80;

/** A refusal; the message is `what`, and the caller's own word where there is one. */
export function refuse(rule: GuardRule, what: string, word?: string): Refusal {
  const own = word === undefined ? '' : `: ${shortened(word)}`;
  return { allowed: false, rule, message: `${what}${own}` };
}

function shortened(word: string): string {
  return word.length > quotedLength ? `${word.slice(0, quotedLength)}…` : word;
}

/** Whether a step of the guard ended in a refusal. */
export function isRefusal(value: object): value is Refusal {
  return 'allowed' in value && value.allowed === false;
}
