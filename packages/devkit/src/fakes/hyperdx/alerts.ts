import type { Alert, Collections } from './collections';
import { runChart, runSql, type Range, type Row } from './charts';
import { Refusal } from './exchange';

/** What came of one alert's query. */
export interface AlertCheck {
  alert: string;
  team: string;
  /** What its query answered. */
  rows?: Row[];
  /** Why there is no answer. */
  error?: string;
}

const HOUR_MS = 3_600_000;

async function rowsOf(alert: Alert, collections: Collections, range: Range): Promise<Row[]> {
  const { team } = alert;
  if (alert.source === 'saved_search') {
    const search = await collections.savedSearches.findOne({ _id: alert.savedSearch, team });
    if (!search) throw new Refusal(404, 'Saved search not found');
    const { where, source } = search;
    return runChart(collections, team, source.toHexString(), { ...range, where });
  }
  const dashboard = await collections.dashboards.findOne({ _id: alert.dashboard, team });
  const tile = dashboard?.tiles.find(({ id }) => id === alert.tileId);
  if (!tile) throw new Refusal(404, 'Tile not found');
  return runSql(collections, team, tile.config.connection, tile.config.sqlTemplate, range);
}

/**
 * HyperDX's check-alerts task: all alerts of all teams, each by the source and the connection that its team's documents name.
 * Nobody is signed in then, and no request of a person precedes it.
 */
export async function checkAlerts(
  collections: Collections,
  now = Date.now(),
): Promise<AlertCheck[]> {
  const checks: AlertCheck[] = [];
  for await (const alert of collections.alerts.find({}, { sort: { _id: 1 } })) {
    const check = { alert: alert._id.toHexString(), team: alert.team.toHexString() };
    try {
      const rows = await rowsOf(alert, collections, {
        from: now - 24 * HOUR_MS,
        to: now + HOUR_MS,
      });
      checks.push({ ...check, rows });
    } catch (error) {
      checks.push({ ...check, error: error instanceof Error ? error.message : String(error) });
    }
  }
  return checks;
}
