import { readFileSync, statSync } from 'node:fs';

import { LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';

/** A file that cannot be used: says which one, where, and why; never a value from it. */
export class ConfigFileError extends Error {
  override readonly name = 'ConfigFileError';
}

/** Far above a thousand targets or plans. */
const MAX_BYTES = 1024 * 1024;

/** @throws ConfigFileError where it is not there, not readable, or too large. */
export function readTextFile(path: string, maxBytes = MAX_BYTES): string {
  try {
    if (statSync(path).size <= maxBytes) return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ConfigFileError(`${path}: cannot be read`, { cause });
  }
  throw new ConfigFileError(`${path}: is larger than ${maxBytes} bytes`);
}

/**
 * Reads a YAML file and checks it. Keys that are stated twice, aliases and tags of other types are refused: what a file
 * says must be what its reader sees.
 * @throws ConfigFileError that names every fault, with its line.
 */
export function readYamlFile<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
): z.output<Schema> {
  const lines = new LineCounter();
  const document = parseDocument(readTextFile(path), {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
    schema: 'core',
  });
  const fault = [...document.errors, ...document.warnings][0];
  if (fault) {
    throw new ConfigFileError(
      `${path}:${lines.linePos(fault.pos[0]).line}: is not YAML that can be used: ${fault.code}`,
    );
  }
  const parsed = schema.safeParse(
    toData(path, () => document.toJS({ maxAliasCount: 0 })),
    {
      reportInput: true,
    },
  );
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.flatMap((issue) => {
    const at = lineOf(issue.path);
    return describe(issue).map((text) => `${path}${at}: ${text}`);
  });
  throw new ConfigFileError(faults.join('\n'));

  function lineOf(keys: readonly PropertyKey[]): string {
    // What is missing has no place: its parent has.
    for (let depth = keys.length; depth >= 0; depth -= 1) {
      const node: unknown = document.getIn(keys.slice(0, depth), true);
      if (typeof node !== 'object' || node === null || !('range' in node)) continue;
      const [start] = (node.range ?? []) as number[];
      if (start !== undefined) return `:${lines.linePos(start).line}`;
    }
    return '';
  }
}

function toData(path: string, read: () => unknown): unknown {
  try {
    return read();
  } catch (cause) {
    throw new ConfigFileError(`${path}: must not hold aliases`, { cause });
  }
}

function describe(issue: z.core.$ZodIssue): string[] {
  const at = issue.path.join('.');
  const under = (name: string): string => (at === '' ? name : `${at}.${name}`);
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => `${under(key)}: unknown field`);
  if (issue.code === 'invalid_type' && issue.input === undefined)
    return [`${at || 'file'}: is missing`];
  return [`${at || 'file'}: ${issue.message}`];
}
