import type { Engine } from '../engine';
import type { EngineSettings } from './constraints';

/** What the engine itself says of its settings. */
export async function readEngineSettings(engine: Engine): Promise<EngineSettings> {
  const result = await engine.connect((connection) =>
    connection.query('SELECT name, alias_for, default FROM system.settings', 'JSONCompactEachRow'),
  );
  const settings = new Map<string, { meant: string; value: string }>();
  for (const line of result.text().trim().split('\n')) {
    const [name, aliasFor, value] = JSON.parse(line) as [string, string, string];
    settings.set(name, { meant: aliasFor === '' ? name : aliasFor, value });
  }
  return {
    resolve: (name) => settings.get(name)?.meant ?? name,
    valueOf: (name) => settings.get(name)?.value,
  };
}
