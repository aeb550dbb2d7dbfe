import Table from 'cli-table3';

import type { DemoResult, DemoStack } from './run';

/** One table for all tenants: what was sent, what is stored, and what should not be there. */
export function printResult(result: DemoResult): void {
  const table = new Table({
    head: ['tenant', 'table', 'sent', 'stored', "someone else's"],
    style: { head: [], border: [] },
    // One line a row: a rule only above and below, and under the head.
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
    colAligns: ['left', 'left', 'right', 'right', 'right'],
  });
  for (const { name, tables } of result.tenants) {
    for (const [index, row] of tables.entries()) {
      table.push([index === 0 ? name : '', row.table, row.sent, row.stored, row.foreign]);
    }
  }
  console.log(table.toString());
  console.log(`Requests under a wrong key that were refused (401): ${result.refused}`);
  console.log(result.ok ? 'Every number is as it must be.' : 'SOME NUMBERS ARE OFF.');
}

/** How to go on from here. */
export function printWayOn(result: DemoResult, { backend, collector }: DemoStack): void {
  const { api, clickhouse } = backend;
  const table = result.tenants[0]?.tables[0]?.table ?? 'otel_logs_<tenantId>';
  console.log(`
Running until Ctrl-C, with secrets made for this run. To look further, in another terminal:

  export TENANCY_URL=${api.url} TENANCY_ADMIN_TOKEN=${api.adminToken}
  node packages/cli/bin/hyperdx-tenancy.js tenant list
  node packages/cli/bin/hyperdx-tenancy.js tenant create Umbrella --api-key umbrella-key

  # a log record of the new tenant: in its table a few seconds later, nothing restarted
  curl ${collector.endpoint}/v1/logs -H 'content-type: application/json' -H 'authorization: umbrella-key' \\
    -d '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"hello"}}]}]}]}'

  # SQL, as the administrator
  curl '${clickhouse.url}/?user=${clickhouse.user}&password=${clickhouse.password}' \\
    -d 'SELECT Timestamp, ServiceName, Body FROM ${table} LIMIT 3 FORMAT PrettyCompact'

  API          ${api.url}  (/health, /ready, /tenancy/v1/tenants)
  OpAMP        ${api.opampUrl}/v1/opamp
  OTLP         ${collector.endpoint} (HTTP), 127.0.0.1:${collector.supervisor.grpcPort} (gRPC)
  ClickHouse   ${clickhouse.url}
  MongoDB      ${backend.mongo.uri} (${backend.mongo.how})`);
}
