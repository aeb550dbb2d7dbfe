import type { TenantId } from '../ids';
import { parseTenantId } from '../ids';

/** What the COMMENT of an object says about it. */
export interface TableComment {
  schemaVersion: number;
  tenantId: TenantId;
  /** The base name of the template that made it. */
  base: string;
  /** The mark of what the site adds to it; left out where that is nothing. */
  site?: string;
}

// Whole text, two forms, with and without a site's mark: a comment that merely contains such words is somebody else's.
const COMMENT =
  /^hyperdx-tenancy schema=(\d{1,9}) tenant=([a-f0-9]{24}) base=([A-Za-z_][A-Za-z0-9_]*)(?: site=([a-f0-9]{8}))?$/;

/** The text for COMMENT, which {@link parseTableComment} reads back. */
export function formatTableComment({ schemaVersion, tenantId, base, site }: TableComment): string {
  const text = `hyperdx-tenancy schema=${schemaVersion} tenant=${tenantId} base=${base}`;
  return site === undefined ? text : `${text} site=${site}`;
}

/** Reads a COMMENT; `null` where it is not one of ours. */
export function parseTableComment(comment: string): TableComment | null {
  const match = COMMENT.exec(comment);
  if (!match?.[1] || !match[2] || !match[3]) return null;
  return {
    schemaVersion: Number(match[1]),
    tenantId: parseTenantId(match[2]),
    base: match[3],
    ...(match[4] !== undefined && { site: match[4] }),
  };
}
