import Table from 'cli-table3';

import { CliError, exitCodes } from './exitCodes';

/** A value as one line of JSON: what `--json` prints. */
export function printJson(value: unknown): void {
  console.log(JSON.stringify(value));
}

/**
 * Text as it may reach a terminal: what would move the cursor, colour the rest, reverse it, break the line or stand there unseen
 * (Unicode's control and format characters, line and paragraph separators) is spelled out.
 */
export function visible(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

/** A table for people; scripts use `--json`. */
export function printTable(head: string[], rows: string[][]): void {
  const table = new Table({
    head,
    style: { head: [], border: [] },
    // One line a row: rules above and below alone.
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  });
  table.push(...rows.map((row) => row.map(visible)));
  console.log(table.toString());
}

/** One thing, field by field. */
export function printFields(fields: [name: string, value: string][]): void {
  const width = Math.max(...fields.map(([name]) => name.length));
  for (const [name, value] of fields) console.log(`${name.padEnd(width)}  ${visible(value)}`);
}

/** A line of text. */
export function printLine(text: string): void {
  console.log(visible(text));
}

/** A text of several lines, such as a config or a diff. */
export function printText(text: string): void {
  for (const line of text.replace(/\n$/, '').split(/\r?\n/))
    console.log(visible(line.replaceAll('\t', '  ')));
}

/** A text as it is: for a program, not for a terminal. */
export function printRaw(text: string): void {
  console.log(text);
}

/** A remark beside the answer: goes to standard error. */
export function note(text: string): void {
  console.error(visible(text));
}

/** Says on standard error why nothing came of it; answers the exit code. */
export function reportError(error: unknown, json: boolean): number {
  const known = error instanceof CliError ? error : new CliError('unexpected', String(error));
  if (json) console.error(JSON.stringify({ code: known.code, message: known.message }));
  else console.error(`hyperdx-tenancy: ${visible(known.message)}`);
  return exitCodes[known.reason].code;
}

const FIRST_NOTE_MS = 2_000;
const NEXT_NOTE_MS = 5_000;

/** Waits for work, and says so on standard error where it takes longer than two seconds. */
export async function withProgress<T>(what: string, work: Promise<T>): Promise<T> {
  const started = Date.now();
  const say = (): void => note(`${what} ... ${Math.round((Date.now() - started) / 1_000)} s`);
  let every: NodeJS.Timeout | undefined;
  const first = setTimeout(() => {
    say();
    every = setInterval(say, NEXT_NOTE_MS);
  }, FIRST_NOTE_MS);
  try {
    return await work;
  } finally {
    clearTimeout(first);
    clearInterval(every);
  }
}
