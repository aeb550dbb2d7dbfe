/** Aliases in a statement that the canned upstream answers by itself; whatever has none of them goes to the engine. */
export const CANNED_SMALL = 'canned_small';
export const CANNED_STREAM = 'canned_stream_';

const row = (index: number): object => ({
  Timestamp: '2026-08-01T12:00:00.000000000Z',
  ServiceName: `service-${index % 7}`,
  SeverityText: 'info',
  Body: `request ${index} served in ${index % 90} ms`,
});

/** About 3 KB: twenty rows of a search in ClickHouse's format JSON. */
export const smallAnswer = Buffer.from(
  JSON.stringify({
    meta: ['Timestamp', 'ServiceName', 'SeverityText', 'Body'].map((name) => ({
      name,
      type: 'String',
    })),
    data: Array.from({ length: 20 }, (_, index) => row(index)),
    rows: 20,
    statistics: { elapsed: 0.001, rows_read: 20, bytes_read: 2_000 },
  }),
);

/** About 3 KB: what HyperDX's API answers for a list of dashboards. */
export const dashboards = Buffer.from(
  JSON.stringify(
    Array.from({ length: 20 }, (_, index) => ({
      _id: index.toString(16).padStart(24, '0'),
      name: `Dashboard ${index}`,
      tags: ['bench'],
      tiles: [{ id: 'tile', x: 0, y: 0, w: 8, h: 10 }],
    })),
  ),
);

/** What one write of a streamed answer holds. */
export const CHUNK_BYTES = 65_536;
