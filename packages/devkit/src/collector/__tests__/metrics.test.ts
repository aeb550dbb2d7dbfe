import { parseMetrics } from '../metrics';

const text = `# HELP otelcol_exporter_sent_log_records Number of log records sent.
# TYPE otelcol_exporter_sent_log_records counter
otelcol_exporter_sent_log_records_total{exporter="clickhouse/a",service_name="otelcol"} 12
otelcol_exporter_sent_log_records_total{exporter="clickhouse/b"} 3
otelcol_process_uptime_seconds 1.5e+02
otelcol_bucket{le="+Inf"} +Inf 1795437000000
odd{text="a \\"quoted\\", comma\\nline \\\\ end",other="}"} -1
not a sample
`;

describe('parseMetrics', () => {
  const metrics = parseMetrics(text);

  it('sums the series of a counter, with or without its suffix', () => {
    expect(metrics.sum('otelcol_exporter_sent_log_records')).toBe(15);
    expect(metrics.sum('otelcol_exporter_sent_log_records_total')).toBe(15);
  });

  it('sums only series with the labels asked for', () => {
    expect(metrics.sum('otelcol_exporter_sent_log_records', { exporter: 'clickhouse/b' })).toBe(3);
    expect(metrics.sum('otelcol_exporter_sent_log_records', { exporter: 'clickhouse/c' })).toBe(0);
  });

  it('answers 0 for a counter that has not counted yet', () => {
    expect(metrics.sum('otelcol_receiver_refused_spans')).toBe(0);
  });

  it('reads exponents, infinities, timestamps and escapes', () => {
    expect(metrics.samples.slice(2)).toEqual([
      { name: 'otelcol_process_uptime_seconds', labels: {}, value: 150 },
      { name: 'otelcol_bucket', labels: { le: '+Inf' }, value: Infinity },
      { name: 'odd', labels: { text: 'a "quoted", comma\nline \\ end', other: '}' }, value: -1 },
    ]);
  });
});
