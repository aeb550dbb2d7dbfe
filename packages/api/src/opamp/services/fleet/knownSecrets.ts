import { redactText } from '@hyperdx-tenancy/domain/collector';

import { secretsOf } from '../../../controllers/collectorConfigs';
import type { PlacedTeam } from '../../../controllers/collectorSnapshot';
import { SecretIndex } from '../../../utils/secretIndex';

/** Secrets of teams that left which are kept in mind, the latest: agents take up a new config within minutes. */
const MAX_DEPARTED = 10_000;

/** A text as a config has it, without its quotes: `$` doubled for the collector, the rest escaped for JSON. */
function inConfig(text: string): string {
  return JSON.stringify(text.replaceAll('$', '$$$$')).slice(1, -1);
}

/** What configs hold that must reach no log, in each form that it may be quoted in. */
export class KnownSecrets {
  private teams: readonly PlacedTeam[] = [];
  private present: ReadonlySet<string> = new Set();
  private readonly departed = new Set<string>();
  private index = new SecretIndex([]);

  /** Takes in the teams of now. Secrets of before stay known: an agent may yet speak of the config that had them. */
  update(teams: readonly PlacedTeam[]): void {
    const before = this.teams;
    const same = teams.length === before.length && teams.every((team, i) => team === before[i]);
    if (same) return;
    this.teams = teams;
    const present = new Set(
      teams.flatMap(secretsOf).flatMap((secret) => [secret, inConfig(secret)]),
    );
    for (const secret of this.present) if (!present.has(secret)) this.departed.add(secret);
    for (const secret of this.departed) {
      if (this.departed.size <= MAX_DEPARTED) break;
      this.departed.delete(secret);
    }
    this.present = present;
    this.index = new SecretIndex([...present, ...this.departed]);
  }

  has(text: string): boolean {
    return this.index.has(text);
  }

  /** Takes out what is known, and what by its place must be a secret, such as logins in addresses. */
  redact(text: string): string {
    return redactText(this.index.redact(text), () => false);
  }
}
