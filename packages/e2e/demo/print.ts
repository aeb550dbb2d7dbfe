import Table from 'cli-table3';

import type { DemoReport } from './run';
import type { DemoStack } from './stack';

/** One table for all tenants: what was sent, what is stored, what should not be there, and who was turned away. */
export function printResult(report: DemoReport): void {
  const table = new Table({
    head: [
      'tenant',
      'table',
      'records sent',
      'rows stored',
      "someone else's",
      'requests refused (401)',
    ],
    style: { head: [], border: [] },
    // One line a row: a rule only above and below, and under the head.
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
    colAligns: ['left', 'left', 'right', 'right', 'right', 'right'],
  });
  for (const { name, tables, refused } of report.tenants) {
    for (const [index, row] of tables.entries()) {
      const first = index === 0;
      table.push([
        first ? name : '',
        row.table,
        row.sent,
        row.stored,
        row.foreign,
        first ? refused : '',
      ]);
    }
  }
  console.log(table.toString());
  console.log("Refused are the requests sent under a wrong key, after each tenant's own.");
  console.log(report.ok ? 'Every number is as it must be.' : 'SOME NUMBERS ARE OFF.');
}

/** How to go on from here. */
export function printWayOn(report: DemoReport, { backend, collector }: DemoStack): void {
  const { api, clickhouse } = backend;
  const table = report.tenants[0]?.tables[0]?.table ?? 'otel_logs_<tenantId>';
  console.log(`
Running until Ctrl-C, with secrets made for this run. To look further, in another terminal:

  export TENANCY_URL=${api.url} TENANCY_ADMIN_TOKEN=${api.adminToken}
  node packages/cli/bin/hyperdx-tenancy.js tenant list
  node packages/cli/bin/hyperdx-tenancy.js tenant create Umbrella --api-key umbrella-key

  # a log record of the new tenant, once its key is known: in its table a few seconds later, nothing restarted
  curl ${collector.endpoint}/v1/logs -H 'content-type: application/json' -H 'authorization: umbrella-key' \\
    -d '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"'$(date +%s)000000000'","body":{"stringValue":"hello"}}]}]}]}'

  # SQL, as the administrator
  curl '${clickhouse.url}/?user=${clickhouse.user}&password=${clickhouse.password}' \\
    -d 'SELECT Timestamp, ServiceName, Body FROM ${table} LIMIT 3 FORMAT PrettyCompact'

  API          ${api.url}  (/health, /ready, /tenancy/v1/tenants)
  OpAMP        ${api.opampUrl}/v1/opamp
  OTLP         ${collector.endpoint} (HTTP), 127.0.0.1:${collector.supervisor.grpcPort} (gRPC)
  ClickHouse   ${clickhouse.url}
  MongoDB      ${backend.mongo.uri} (${backend.mongo.how})`);
}
