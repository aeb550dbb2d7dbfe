import { answerCases } from './clickhouseHttp/answers';
import { errorCases } from './clickhouseHttp/errors';
import { insertCases } from './clickhouseHttp/inserts';
import { nativeCases } from './clickhouseHttp/native';
import { parameterCases } from './clickhouseHttp/parameters';
import { protocolCases } from './clickhouseHttp/protocol';
import { tableCases } from './clickhouseHttp/tables';
import type { ClickHouseCase } from './clickhouseHttp/support';

/**
 * What users of ClickHouse's HTTP interface rely on, as cases that need no test runner and hold for a real server (26.2 or
 * newer) as for the devkit's. Each works in a database of its own, which it drops.
 */
export const clickhouseHttpCases: readonly ClickHouseCase[] = [
  ...protocolCases,
  ...answerCases,
  ...parameterCases,
  ...errorCases,
  ...insertCases,
  ...nativeCases,
  ...tableCases,
];
