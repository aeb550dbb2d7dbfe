export { startClickHouse } from './server';
export type { ClickHouseOptions, ClickHouseServer, ClientOptions } from './server';
