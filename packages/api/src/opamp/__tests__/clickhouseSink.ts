import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { varint } from './varint';

/** One INSERT that an exporter sent. */
export interface Insert {
  /** As it was named: `"database"."table"`. */
  table: string;
  /** The rows, in ClickHouse's Native format: texts stand in it as they are. */
  body: Buffer;
}

/**
 * A ClickHouse just deep enough for the collector's exporter, over HTTP: it answers the exporter's questions in
 * Native format, takes every INSERT, and remembers which table each was for. Says where telemetry lands, whatever
 * tables there are.
 */
export interface ClickhouseSink {
  /** For the exporter's configuration. */
  endpoint: string;
  inserts: Insert[];
  /** `user:password` of every request. */
  credentials: Set<string>;
  close(): Promise<void>;
}

/** @param port to listen on; a free one by default. */
export async function startClickhouseSink(port = 0): Promise<ClickhouseSink> {
  const inserts: Insert[] = [];
  const credentials = new Set<string>();
  const server = createServer((request, response) => {
    const [, basic = ''] = (request.headers.authorization ?? '').split(' ');
    credentials.add(Buffer.from(basic, 'base64').toString());
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const query = new URL(request.url ?? '', 'http://sink').searchParams.get('query');
      const insert = /^\s*INSERT INTO (\S+)/.exec(query ?? '');
      if (insert?.[1] !== undefined) inserts.push({ table: insert[1], body });
      response.setHeader('X-ClickHouse-Format', 'Native');
      response.end(insert ? '' : answer(query ?? body.toString()));
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const { port: bound } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${bound}?compress=none`,
    inserts,
    credentials,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function answer(query: string): Buffer {
  if (/^DESC/.test(query)) return block(describeColumns, columns.map(describeRow));
  return block(helloColumns, [['sink', '25.8.1.1', 54_460, 'UTC']]);
}

const helloColumns = [
  ['displayName()', 'String'],
  ['version()', 'String'],
  ['revision()', 'UInt32'],
  ['timezone()', 'String'],
] as const;

const describeColumns = [
  'name',
  'type',
  'default_type',
  'default_expression',
  'comment',
  'codec_expression',
  'ttl_expression',
].map((name) => [name, 'String'] as const);

const describeRow = (name: string) => [name, typeOf(name), '', '', '', '', ''];

/** The columns of every table that the exporter fills, of which it takes those it needs. */
const columns = [
  ...['Timestamp', 'TraceId', 'SpanId', 'TraceFlags', 'SeverityText', 'SeverityNumber'],
  ...['ServiceName', 'Body', 'ResourceSchemaUrl', 'ResourceAttributes', 'ScopeSchemaUrl'],
  ...['ScopeName', 'ScopeVersion', 'ScopeAttributes', 'LogAttributes', 'ParentSpanId'],
  ...['TraceState', 'SpanName', 'SpanKind', 'SpanAttributes', 'Duration', 'StatusCode'],
  ...['StatusMessage', 'Events.Timestamp', 'Events.Name', 'Events.Attributes', 'Links.TraceId'],
  ...['Links.SpanId', 'Links.TraceState', 'Links.Attributes', 'ScopeDroppedAttrCount'],
  ...['MetricName', 'MetricDescription', 'MetricUnit', 'Attributes', 'StartTimeUnix', 'TimeUnix'],
  ...['Value', 'Flags', 'Exemplars.FilteredAttributes', 'Exemplars.TimeUnix', 'Exemplars.Value'],
  ...['Exemplars.SpanId', 'Exemplars.TraceId'],
];

function typeOf(name: string): string {
  const [, field] = name.split('.');
  if (field !== undefined) return `Array(${typeOf(field)})`;
  if (/Attributes$/.test(name)) return 'Map(String, String)';
  if (/^(Timestamp|StartTimeUnix|TimeUnix)$/.test(name)) return 'DateTime64(9)';
  if (/^(TraceFlags|SeverityNumber)$/.test(name)) return 'UInt8';
  if (/^(Flags|ScopeDroppedAttrCount)$/.test(name)) return 'UInt32';
  if (name === 'Duration') return 'UInt64';
  return name === 'Value' ? 'Float64' : 'String';
}

/** One block as a server of protocol 54460 sends it over HTTP: block info first, a serialization flag per column. */
function block(
  header: readonly (readonly [name: string, type: string])[],
  rows: readonly (readonly (string | number)[])[],
): Buffer {
  const parts = [
    Buffer.from('010002ffffffff00', 'hex'),
    varint(header.length),
    varint(rows.length),
  ];
  header.forEach(([name, type], index) => {
    parts.push(text(name), text(type), Buffer.from([0]));
    for (const row of rows) parts.push(value(row[index] ?? ''));
  });
  return Buffer.concat(parts);
}

function value(cell: string | number): Buffer {
  if (typeof cell === 'string') return text(cell);
  const number = Buffer.alloc(4);
  number.writeUInt32LE(cell);
  return number;
}

function text(content: string): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([varint(bytes.length), bytes]);
}
