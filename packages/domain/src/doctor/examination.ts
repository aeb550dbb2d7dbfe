import type { DoctorCheck } from './checks';
import { doctorCheckNames } from './checks';
import { severities } from './fault';
import type { Fault, Severity } from './fault';

/** Of one check of one target, by severity: however many tenants are broken, the first ones tell what is wrong. */
const FAULTS_KEPT = 50;
/** In one report. */
const FAULTS_REPORTED = 500;

export type CheckStatus = 'ok' | 'failed' | 'skipped';

export interface CheckResult {
  name: DoctorCheck;
  target: string | null;
  status: CheckStatus;
  detail: string;
}

export interface Finding extends Fault {
  target: string | null;
}

export interface Report {
  /** No finding is an error. */
  ok: boolean;
  checkedAt: string;
  /** Errors first. */
  findings: Finding[];
  /** Findings that are counted only. */
  omitted: number;
  checks: CheckResult[];
}

/** One check of the installation, or of one target, while it is made. */
class CheckRun {
  private readonly kept: Record<Severity, Fault[]> = { error: [], warning: [], info: [] };
  private readonly counts: Record<Severity, number> = { error: 0, warning: 0, info: 0 };
  private isMade = false;
  private skipped: string | undefined;
  private note = '';

  constructor(
    readonly name: DoctorCheck,
    readonly target: string | null,
  ) {}

  add(fault: Fault): void {
    this.counts[fault.severity] += 1;
    const list = this.kept[fault.severity];
    if (list.length < FAULTS_KEPT) list.push(fault);
  }

  skip(why: string): void {
    this.skipped = why;
  }

  made(): void {
    this.isMade = true;
  }

  says(what: string): void {
    this.note = what;
  }

  get total(): number {
    return severities.reduce((sum, severity) => sum + this.counts[severity], 0);
  }

  get findings(): Finding[] {
    const { target } = this;
    return severities.flatMap((severity) =>
      this.kept[severity].map((fault) => ({ ...fault, target })),
    );
  }

  get result(): CheckResult {
    const { name, target } = this;
    const { error, warning, info } = this.counts;
    if (error + warning > 0) {
      const detail = `${error} error(s), ${warning} warning(s), ${info} other(s)`;
      return { name, target, status: 'failed', detail };
    }
    // What was begun and has not ended has not found that all is well.
    const skipped = this.skipped ?? (this.isMade ? undefined : 'not done in time');
    if (skipped !== undefined) return { name, target, status: 'skipped', detail: skipped };
    return {
      name,
      target,
      status: 'ok',
      detail: info > 0 ? `${info} thing(s) to know` : this.note,
    };
  }
}

/** Gathers what the checks of one examination find. Its size is bounded, and its report does not depend on their order. */
export class Examination {
  private readonly runs = new Map<string, CheckRun>();

  /** The check is in the report from now on; until it is {@link made} it counts as skipped. */
  begin(name: DoctorCheck, target: string | null): void {
    this.run(name, target);
  }

  /** The check has ended: what it did not find is not there. */
  made(name: DoctorCheck, target: string | null): void {
    this.run(name, target).made();
  }

  add(fault: Fault, target: string | null): void {
    this.run(fault.check, target).add(fault);
  }

  /** Could not be made, or is of no use here. */
  skip(name: DoctorCheck, target: string | null, why: string): void {
    this.run(name, target).skip(why);
  }

  /** What a check that finds nothing says for itself. */
  says(name: DoctorCheck, target: string | null, what: string): void {
    this.run(name, target).says(what);
  }

  /** @param targets their names, in the order in which they are reported. */
  report(checkedAt: Date, targets: readonly string[]): Report {
    const place = (run: CheckRun): number =>
      run.target === null ? -1 : targets.indexOf(run.target);
    const runs = [...this.runs.values()].sort(
      (a, b) =>
        place(a) - place(b) || doctorCheckNames.indexOf(a.name) - doctorCheckNames.indexOf(b.name),
    );
    const total = runs.reduce((sum, run) => sum + run.total, 0);
    // A stable sort: within one severity the order of the checks, and of what each found.
    const findings = runs
      .flatMap((run) => run.findings)
      .sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity))
      .slice(0, FAULTS_REPORTED);
    return {
      ok: findings.every(({ severity }) => severity !== 'error'),
      checkedAt: checkedAt.toISOString(),
      findings,
      omitted: total - findings.length,
      checks: runs.map((run) => run.result),
    };
  }

  private run(name: DoctorCheck, target: string | null): CheckRun {
    const key = `${name} ${target ?? ''}`;
    const known = this.runs.get(key);
    if (known) return known;
    const run = new CheckRun(name, target);
    this.runs.set(key, run);
    return run;
  }
}
