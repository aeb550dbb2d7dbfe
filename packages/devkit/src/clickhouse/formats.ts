const json = 'application/json; charset=UTF-8';
const ndjson = 'application/x-ndjson; charset=UTF-8';
const csv = 'text/csv; charset=UTF-8; header=absent';
const tsv = 'text/tab-separated-values; charset=UTF-8';
const text = 'text/plain; charset=UTF-8';

/** `Content-Type` by format where it is not plain text or bytes. Source: ClickHouse's output formats. */
const exact = new Map([
  ['XML', 'application/xml; charset=UTF-8'],
  ['Markdown', 'text/markdown; charset=UTF-8'],
  ['CSVWithNames', 'text/csv; charset=UTF-8; header=present'],
  ['CSVWithNamesAndTypes', 'text/csv; charset=UTF-8; header=present'],
]);

const families: readonly (readonly [RegExp, string])[] = [
  [/^JSON.*EachRow/i, ndjson],
  [/^JSON/i, json],
  [/^CSV/i, csv],
  [/^(TSV|TabSeparated|LineAsString|RawBLOB$)/i, tsv],
  [/^(Pretty|Vertical|Values|SQLInsert|Template|Custom|Hash)/i, text],
];

/** The `Content-Type` of an answer in this format. */
export function contentTypeOf(format: string): string {
  const known = exact.get(format);
  if (known !== undefined) return known;
  return families.find(([pattern]) => pattern.test(format))?.[1] ?? 'application/octet-stream';
}
