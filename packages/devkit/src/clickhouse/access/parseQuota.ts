import type { Command, IntervalChange } from './commands';
import { readHead } from './parseUser';
import { quotaResources, type Interval } from './state';
import type { TokenReader } from './tokenReader';

export function parseCreateQuota(reader: TokenReader): Command {
  const { name, conditional } = readHead(reader, 'IF NOT EXISTS');
  return { kind: 'create quota', name, unlessExists: conditional, ...readBody(reader) };
}

export function parseAlterQuota(reader: TokenReader): Command {
  const { name, conditional } = readHead(reader, 'IF EXISTS');
  return { kind: 'alter quota', name, ifExists: conditional, ...readBody(reader) };
}

function readBody(reader: TokenReader): { intervals: IntervalChange[]; users?: string[] } {
  const intervals: IntervalChange[] = [];
  // A comma may stand before the next interval, and was then taken by the limits of the one before.
  while (reader.takes('FOR INTERVAL')) {
    intervals.push(readInterval(reader));
    reader.takesSymbol(',');
  }
  if (!reader.takes('TO')) return { intervals };
  if (reader.takes('NONE')) return { intervals, users: [] };
  if (reader.takes('ALL')) throw reader.unknown();
  return { intervals, users: reader.list(() => reader.name()) };
}

const unitSeconds = {
  SECOND: 1,
  MINUTE: 60,
  HOUR: 3_600,
  DAY: 86_400,
  WEEK: 604_800,
} as const;

function readInterval(reader: TokenReader): IntervalChange {
  const count = reader.number();
  const units = Object.keys(unitSeconds) as (keyof typeof unitSeconds)[];
  const seconds = count * unitSeconds[reader.oneOf(units)];
  if (reader.takes('NO LIMITS')) return { seconds, limits: 'none' };
  if (reader.takes('TRACKING ONLY')) return { seconds, limits: {} };
  reader.expect('MAX');
  const limits: Interval['limits'] = {};
  do {
    const resource = quotaResources.find((one) => reader.takes(one.toUpperCase()));
    // The comma before FOR INTERVAL.
    if (resource === undefined) break;
    reader.takesSymbol('=');
    limits[resource] = reader.number();
  } while (reader.takesSymbol(','));
  return { seconds, limits };
}
