import type { Column } from '../template';
import { column, lowCardinality, map, plain, string } from '../template';

/** What the exporter writes of a log record, whichever table it goes to (collector 0.149 and 0.155). */
export const logRecordColumns: readonly Column[] = [
  column('Timestamp', 'DateTime64(9)', 'Delta(8), ZSTD(1)'),
  string('TraceId'),
  string('SpanId'),
  plain('TraceFlags', 'UInt8'),
  lowCardinality('SeverityText'),
  plain('SeverityNumber', 'UInt8'),
  lowCardinality('ServiceName'),
  string('Body'),
  lowCardinality('ResourceSchemaUrl'),
  map('ResourceAttributes'),
  lowCardinality('ScopeSchemaUrl'),
  string('ScopeName'),
  lowCardinality('ScopeVersion'),
  map('ScopeAttributes'),
  map('LogAttributes'),
];
