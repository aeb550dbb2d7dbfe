import type { TenantId } from '../ids';
import { parseTenantId } from '../ids';

/** What the COMMENT of an object says about it. */
export interface TableComment {
  schemaVersion: number;
  tenantId: TenantId;
  /** The base name of the template that made it. */
  base: string;
}

// Whole text, one form: a comment that merely contains such words is somebody else's.
const COMMENT =
  /^hyperdx-tenancy schema=(\d{1,9}) tenant=([a-f0-9]{24}) base=([A-Za-z_][A-Za-z0-9_]*)$/;

/** The text for COMMENT, which {@link parseTableComment} reads back. */
export function formatTableComment({ schemaVersion, tenantId, base }: TableComment): string {
  return `hyperdx-tenancy schema=${schemaVersion} tenant=${tenantId} base=${base}`;
}

/** Reads a COMMENT; `null` where it is not one of ours. */
export function parseTableComment(comment: string): TableComment | null {
  const match = COMMENT.exec(comment);
  if (!match?.[1] || !match[2] || !match[3]) return null;
  return { schemaVersion: Number(match[1]), tenantId: parseTenantId(match[2]), base: match[3] };
}
