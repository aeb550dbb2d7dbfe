export { clickhouseHttpCases } from './clickhouseHttp';
export type { ClickHouseCase, ClickHouseUnderTest } from './clickhouseHttp/support';
