import { literal } from './config';

/** What a setting may take from the collector's own environment: `${env:NAME}`, or with a default, `${env:NAME:-value}`. */
const REFERENCE = /^\$\{env:[A-Za-z_][A-Za-z0-9_]*(?::-[^${}]*)?\}/;

/**
 * The first `${...}` of a text that is not a reference to the environment: the collector would read a file, fetch an
 * address or parse YAML for it. An escaped one (`$${...}`) counts, so that nothing hangs on how a version reads escapes.
 */
export function strayReference(text: string): string | undefined {
  for (let at = text.indexOf('${'); at >= 0; at = text.indexOf('${', at + 2)) {
    const rest = text.slice(at, at + 512);
    if (!REFERENCE.test(rest)) return rest.slice(0, 40);
  }
  return undefined;
}

/** A text as its author wrote it, but for references to the environment, which stay ones. */
export function literalButEnvironment(text: string): string {
  let written = '';
  let from = 0;
  for (let at = text.indexOf('${'); at >= 0; at = text.indexOf('${', at + 2)) {
    const [reference] = REFERENCE.exec(text.slice(at, at + 512)) ?? [];
    if (reference === undefined) continue;
    written += literal(text.slice(from, at)) + reference;
    from = at + reference.length;
  }
  return written + literal(text.slice(from));
}
