import { z } from 'zod';

import { readFragment } from './fragment';
import type { BaseName } from './names';
import { hasControlCharacter } from './quote';
import type { Column, SkipIndex, TableTemplate } from './template';

/** Far above what a site needs; ClickHouse itself slows down at about a thousand columns. */
const MAX_COLUMNS = 100;
const MAX_INDEXES = 50;
const MAX_SQL = 2000;
const MAX_COMMENT = 500;

// The room that is ours: the exporter's and HyperDX's columns begin with a capital or with "__hdx_", our indexes and
// HyperDX's with "idx_" (tests hold the templates to it). No release of ours can so take a site's name. No dot: ClickHouse
// reads `a.b` as a part of a nested column, whose arrays must all be of one length.
const COLUMN_NAME = /^[a-z][A-Za-z0-9_]{0,62}$/;
const INDEX_NAME = /^(?!idx_)[a-z][A-Za-z0-9_]{0,62}$/;

const CALL = String.raw`[A-Za-z][A-Za-z0-9_]*(?: *\(\))?`;
const ONE_CALL = new RegExp(`^${CALL}$`);
const CALLS = new RegExp(`^${CALL}(?: *, *${CALL})*$`);

/** A piece of SQL that leaves nothing open, of a form that `outline` tells. */
function sql(form?: { outline: RegExp; fault: string }) {
  return z
    .string()
    .trim()
    .min(1, { error: 'must not be empty', abort: true })
    .max(MAX_SQL, `must have at most ${MAX_SQL} characters`)
    .superRefine((text, context) => {
      const fragment = readFragment(text);
      if (!fragment.closed) context.addIssue(fragment.fault);
      else if (form && !form.outline.test(fragment.outline)) context.addIssue(form.fault);
    });
}

const Type = sql({ outline: ONE_CALL, fault: 'must be one type, such as LowCardinality(String)' });

const SiteColumn = z
  .strictObject({
    name: z
      .string()
      .regex(
        COLUMN_NAME,
        'must begin with a lower-case letter and hold letters, digits and "_", at most 63',
      ),
    type: Type.refine((type) => !/^nested\b/i.test(type), 'Nested would become several columns'),
    /** What stands in `CODEC(...)`. */
    codec: sql({ outline: CALLS, fault: 'must be codecs, such as Delta(8), ZSTD(1)' }).optional(),
    /** Stored; computed where an insert leaves it out, as the exporter does. */
    default: sql().optional(),
    /** Stored; always computed. */
    materialized: sql().optional(),
    /** Not stored; computed when read. */
    alias: sql().optional(),
    comment: z
      .string()
      .max(MAX_COMMENT, `must have at most ${MAX_COMMENT} characters`)
      .refine((text) => !hasControlCharacter(text), 'must be one line without control characters')
      .optional(),
  })
  .superRefine((column, context) => {
    const kinds = [column.default, column.materialized, column.alias];
    if (kinds.filter((kind) => kind !== undefined).length > 1) {
      context.addIssue('has one of default, materialized and alias, not several');
    }
    if (column.alias !== undefined && column.codec !== undefined) {
      context.addIssue({ code: 'custom', path: ['codec'], message: 'an alias is not stored' });
    }
  });
export type SiteColumn = z.infer<typeof SiteColumn>;

const SiteIndex = z.strictObject({
  name: z
    .string()
    .regex(
      INDEX_NAME,
      'must begin with a lower-case letter but not with "idx_", and hold letters, digits and "_", at most 63',
    ),
  expression: sql(),
  type: sql({ outline: ONE_CALL, fault: 'must be one index type, such as bloom_filter(0.01)' }),
  granularity: z.int().min(1).max(1024).optional(),
});
export type SiteIndex = z.infer<typeof SiteIndex>;

const SiteTable = z.strictObject({
  columns: z.array(SiteColumn).max(MAX_COLUMNS, `at most ${MAX_COLUMNS} columns`).default([]),
  indexes: z.array(SiteIndex).max(MAX_INDEXES, `at most ${MAX_INDEXES} indexes`).default([]),
});

/** What a site adds to one table of every tenant. Engine, order, partitions and TTL are not a site's to change. */
export type SiteTable = z.infer<typeof SiteTable>;

/** A site's additions, by the table they belong to. */
export type SiteTemplates = Readonly<Partial<Record<BaseName, SiteTable>>>;

/**
 * The schema of what a site may add to a table: closed pieces of SQL under names of its own. Names are compared without
 * regard to case, though ClickHouse tells `body` from `Body`: people who search would not.
 */
export function siteTableOf(template: TableTemplate) {
  return SiteTable.superRefine((table, context) => {
    for (const part of ['columns', 'indexes'] as const) {
      const ours = new Set(template[part].map(({ name }) => name.toLowerCase()));
      const seen = new Set<string>();
      table[part].forEach(({ name }, at) => {
        const folded = name.toLowerCase();
        const path = [part, at, 'name'];
        if (ours.has(folded)) {
          context.addIssue({
            code: 'custom',
            path,
            message: `${template.base} has this one already`,
          });
        }
        if (seen.has(folded))
          context.addIssue({ code: 'custom', path, message: 'is stated twice' });
        seen.add(folded);
      });
    }
  });
}

/** A site's column as templates have theirs. In parentheses, nothing that follows in the text can be read as a clause. */
export function toColumn(column: SiteColumn): Column {
  const { name, type, codec, comment } = column;
  const computed = toComputed(column);
  return {
    name,
    type,
    ...(codec !== undefined && { codec }),
    ...(computed && { computed }),
    ...(comment !== undefined && { comment }),
  };
}

function toComputed(column: SiteColumn): Column['computed'] {
  if (column.default !== undefined) return { kind: 'DEFAULT', expression: `(${column.default})` };
  if (column.materialized !== undefined) {
    return { kind: 'MATERIALIZED', expression: `(${column.materialized})` };
  }
  return column.alias === undefined
    ? undefined
    : { kind: 'ALIAS', expression: `(${column.alias})` };
}

/** A site's index as templates have theirs. */
export function toSkipIndex({ name, expression, type, granularity }: SiteIndex): SkipIndex {
  return {
    name,
    expression: `(${expression})`,
    type,
    ...(granularity !== undefined && { granularity }),
  };
}
