/** HyperDX's place for the ClickHouse client; it is made in `clickhouse/`. */
export { getClickhouseClient } from '../clickhouse/client';
