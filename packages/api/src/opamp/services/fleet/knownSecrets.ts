import { redactText } from '@hyperdx-tenancy/domain/collector';

import { secretsOf } from '../../../controllers/collectorConfigs';
import type { PlacedTeam } from '../../../controllers/collectorSnapshot';
import { SecretIndex } from '../../../utils/secretIndex';

/** Secrets of teams that left which are kept in mind, the latest, once there are twice as many: agents take up a new config within minutes. */
const MAX_DEPARTED = 10_000;

/** A text as a config has it, without its quotes: `$` doubled for the collector, the rest escaped for JSON. */
function inConfig(text: string): string {
  return JSON.stringify(text.replaceAll('$', '$$$$')).slice(1, -1);
}

/** A team's secrets, in each form that they may be quoted in. */
const formsOf = (team: PlacedTeam): string[] =>
  secretsOf(team).flatMap((secret) => [secret, inConfig(secret)]);

/** Tokens that are made here, of which only hashes are kept: agents quote the address that they connect to. */
const TOKEN = /^hdx[a-z]_[A-Za-z0-9_-]{43}$/;

/** What configs hold, and what agents come with, that must reach no log. Takes time in proportion to what changes, not to how much there is. */
export class KnownSecrets {
  private teams: ReadonlyMap<string, PlacedTeam> = new Map();
  /** The latest last. */
  private readonly departed = new Set<string>();
  private index: SecretIndex;

  /** @param fixed secrets that stay the same. */
  constructor(private readonly fixed: readonly string[] = []) {
    this.index = new SecretIndex(fixed);
  }

  /** Takes in the teams of now. Secrets of before stay known: an agent may yet speak of the config that had them. */
  update(teams: readonly PlacedTeam[]): void {
    const before = this.teams;
    this.teams = new Map(teams.map((team) => [team.teamId, team]));
    const came: string[] = [];
    for (const [id, team] of this.teams) if (before.get(id) !== team) came.push(...formsOf(team));
    for (const [id, team] of before) {
      if (this.teams.get(id) !== team)
        for (const secret of formsOf(team)) this.departed.add(secret);
    }
    for (const secret of came) {
      // As one that changed something else.
      this.departed.delete(secret);
      this.index.add(secret);
    }
    if (this.departed.size > 2 * MAX_DEPARTED) this.forgetOldest();
  }

  private forgetOldest(): void {
    for (const secret of this.departed) {
      if (this.departed.size <= MAX_DEPARTED) break;
      this.departed.delete(secret);
    }
    const living = [...this.teams.values()].flatMap(formsOf);
    this.index = new SecretIndex([...this.fixed, ...living, ...this.departed]);
  }

  has(text: string): boolean {
    return this.index.has(text) || TOKEN.test(text);
  }

  /** Takes out what is known, and what by its place must be a secret, such as logins in addresses. */
  redact(text: string): string {
    return redactText(this.index.redact(text), (word) => TOKEN.test(word));
  }
}
