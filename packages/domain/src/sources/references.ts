import { TenancyError } from '../errors';

/** A source that a source names, and the field in which it does. */
export interface SourceReference {
  field: string;
  id: string;
}

const OBJECT_ID = /^[a-f0-9]{24}$/i;

/**
 * The other sources that a source names: `logSourceId`, `traceSourceId`, `sessionSourceId`, `metricSourceId`, and whatever
 * a later HyperDX calls in the same way. Empty and null mean none, as HyperDX's forms send them.
 * @throws TenancyError `invalid_request` naming a field that holds no id.
 */
export function listSourceReferences(source: object): SourceReference[] {
  return Object.entries(source).flatMap(([field, id]: [string, unknown]) => {
    if (!field.endsWith('SourceId') || id == null || id === '') return [];
    if (typeof id === 'string' && OBJECT_ID.test(id)) return [{ field, id: id.toLowerCase() }];
    throw new TenancyError('invalid_request', `${field}: must be the id of a source.`);
  });
}

/**
 * Refuses a source that reads another database than the one of its tenant's tables.
 * @throws TenancyError `foreign_table` naming the field.
 */
export function requireDatabase(source: object, database: string): void {
  const { from, materializedViews } = source as { from?: unknown; materializedViews?: unknown };
  const views: unknown[] = Array.isArray(materializedViews) ? materializedViews : [];
  const places: [string, unknown][] = [
    ['from', from],
    ...views.map((view, i): [string, unknown] => [`materializedViews[${i}]`, view]),
  ];
  for (const [path, place] of places) {
    if (typeof place !== 'object' || place === null) continue;
    const { databaseName } = place as { databaseName?: unknown };
    if (databaseName === undefined || databaseName === database) continue;
    throw new TenancyError(
      'foreign_table',
      `${path}.databaseName: your tables are in the database "${database}".`,
    );
  }
}
