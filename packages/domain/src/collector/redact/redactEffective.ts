import { findingSecretValues } from './lineScan';
import type { Pending, Span } from './lineScan';
import { REDACTED, redactText } from './sensitive';
import type { IsSecret } from './sensitive';

/** Characters of an effective config that are kept: that of 250 tenants, all defaults written out, has some three million. */
export const MAX_EFFECTIVE_CHARACTERS = 4 * 1024 * 1024;

/** What is longer without the end of a mapping in it is taken out whole: nobody could read it. */
const MAX_PIECE_CHARACTERS = 64 * 1024;
const END_OF_MAPPING = '},';

/** After so many characters others have their turn: a few milliseconds. */
const STEP_CHARACTERS = 64 * 1024;
/** What a piece counts beside its own: short ones take time as well. */
const PIECE_CHARACTERS = 16;

/**
 * The effective config that a collector reports, in YAML or JSON, without secrets: values of settings that are called
 * `password`, `token`, `key`, `headers` and the like, logins in addresses, and every word that `isSecret` knows.
 *
 * It reads lines and does not parse: what a collector sends may be no YAML at all, and what comes out is for people. In
 * doubt it takes out too much: very long pieces whole. Takes time in proportion to the text, up to a second for each million
 * characters, a little with each step; what is beyond `limit` is cut off and said so.
 */
export function* redactingEffective(
  text: string,
  isSecret: IsSecret,
  limit: number = MAX_EFFECTIVE_CHARACTERS,
): Generator<undefined, string> {
  const kept = text.length > limit ? text.slice(0, text.lastIndexOf('\n', limit) + 1) : text;
  let pending: Pending | undefined;
  let lines = '';
  let step = 0;
  for (const line of linesOf(kept)) {
    const scanned = yield* findingSecretValues(line, pending);
    pending = scanned.pending;
    let cleaned = '';
    for (const piece of cleanPieces(line, scanned.values, isSecret)) {
      cleaned += piece.text;
      step += piece.from;
      if (step < STEP_CHARACTERS) continue;
      step = 0;
      yield;
    }
    lines += cleaned + '\n';
  }
  if (kept.length < text.length) {
    return `${lines}# ${text.length - kept.length} more characters were cut off`;
  }
  return lines.slice(0, -1);
}

/** The same at once. */
export function redactEffective(text: string, isSecret: IsSecret, limit?: number): string {
  const steps = redactingEffective(text, isSecret, limit);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** One by one: of a text without anything but ends of lines a list of them would take long to make. */
function* linesOf(text: string): Generator<string> {
  let start = 0;
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
    yield text.slice(start, end);
    start = end + 1;
  }
  yield text.slice(start);
}

/** A line without its secrets, in pieces that each take a moment; `from`: characters that a piece was made of. */
function* cleanPieces(
  line: string,
  values: readonly Span[],
  isSecret: IsSecret,
): Generator<{ text: string; from: number }> {
  let at = 0;
  for (const { start, end } of [...values, { start: line.length, end: line.length }]) {
    for (const piece of piecesOf(line.slice(at, start))) {
      const text = piece.length > MAX_PIECE_CHARACTERS ? REDACTED : redactText(piece, isSecret);
      yield { text, from: piece.length + PIECE_CHARACTERS };
    }
    if (end > start) yield { text: REDACTED, from: end - start };
    at = end;
  }
  // Lines without anything in them count as well.
  yield { text: '', from: PIECE_CHARACTERS };
}

/** A text in pieces that others can wait for, where it has the ends of mappings, as JSON on one line has. */
function* piecesOf(text: string): Generator<string> {
  let at = 0;
  while (text.length - at > MAX_PIECE_CHARACTERS) {
    const last = text.lastIndexOf(
      END_OF_MAPPING,
      at + MAX_PIECE_CHARACTERS - END_OF_MAPPING.length,
    );
    const end = last > at ? last : text.indexOf(END_OF_MAPPING, at + MAX_PIECE_CHARACTERS);
    if (end < 0) break;
    yield text.slice(at, end + END_OF_MAPPING.length);
    at = end + END_OF_MAPPING.length;
  }
  if (at < text.length) yield text.slice(at);
}
