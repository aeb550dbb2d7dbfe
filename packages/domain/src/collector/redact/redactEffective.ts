import { findSecretValues } from './lineScan';
import type { Pending } from './lineScan';
import { REDACTED, redactText } from './sensitive';
import type { IsSecret } from './sensitive';

/** Characters of an effective config that are kept: that of 250 tenants, all defaults written out, has some three million. */
export const MAX_EFFECTIVE_CHARACTERS = 4 * 1024 * 1024;

/**
 * The effective config that a collector reports, in YAML or JSON, without secrets: values of settings that are called
 * `password`, `token`, `key`, `headers` and the like, logins in addresses, and every word that `isSecret` knows.
 *
 * It reads lines and does not parse: what a collector sends may be no YAML at all, and what comes out is for people. In
 * doubt it takes out too much. Takes time in proportion to the text; what is beyond `limit` is cut off and said so.
 */
export function redactEffective(
  text: string,
  isSecret: IsSecret,
  limit: number = MAX_EFFECTIVE_CHARACTERS,
): string {
  const kept = text.length > limit ? text.slice(0, text.lastIndexOf('\n', limit) + 1) : text;
  let pending: Pending | undefined;
  const lines = kept.split('\n').map((line) => {
    const scanned = findSecretValues(line, pending);
    pending = scanned.pending;
    let clean = '';
    let from = 0;
    for (const { start, end } of scanned.values) {
      clean += redactText(line.slice(from, start), isSecret) + REDACTED;
      from = end;
    }
    return clean + redactText(line.slice(from), isSecret);
  });
  if (kept.length < text.length) {
    lines.push(`# ${text.length - kept.length} more characters were cut off`);
  }
  return lines.join('\n');
}
