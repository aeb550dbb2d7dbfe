/** What a check is about: this installation as a whole, or each of its targets. */
type Scope = 'installation' | 'target';

interface CheckKind {
  of: Scope;
  /** True for what only targets with ClickHouse users have. */
  needsUsers?: true;
  /** The question that it answers. */
  asks: string;
}

/**
 * Every check, in the order of the report. `docs/doctor.md` is compared with this table by a test. A name never changes
 * its meaning.
 */
export const doctorChecks = {
  'configuration.adminToken': {
    of: 'installation',
    asks: 'Is TENANCY_ADMIN_TOKEN still set although there are other admins?',
  },
  'documents.tenants': {
    of: 'installation',
    asks: 'Are the target, plan and secret of every tenant among those that are configured?',
  },
  'documents.teams': { of: 'installation', asks: 'Has every team a tenant that exists?' },
  'documents.sources': {
    of: 'installation',
    asks: "Do all sources of a team name its own tenant's tables?",
  },
  'documents.connections': {
    of: 'installation',
    asks: "Does the platform's connection of each team lead to the query door, and does none hold the administrator of a target?",
  },
  'target.answers': {
    of: 'target',
    asks: 'Does ClickHouse answer, in a release that is supported?',
  },
  'target.tls': { of: 'target', asks: 'Is the way to ClickHouse encrypted, or local?' },
  'target.mode': { of: 'target', asks: 'Does ClickHouse itself keep tenants apart?' },
  'target.rights': {
    of: 'target',
    needsUsers: true,
    asks: 'Has the administrator the rights that it needs?',
  },
  'server.login': {
    of: 'target',
    needsUsers: true,
    asks: "Does a tenant's reader get in with its password?",
  },
  'server.systemTables': {
    of: 'target',
    needsUsers: true,
    asks: 'Are system tables closed to whom they are not granted?',
  },
  'server.settings': {
    of: 'target',
    needsUsers: true,
    asks: 'Does the server hold a reader to the constraints of its settings?',
  },
  'server.impersonation': {
    of: 'target',
    needsUsers: true,
    asks: "May nobody else act as a tenant's user?",
  },
  'access.users': {
    of: 'target',
    needsUsers: true,
    asks: 'Are the users of all tenants there as they should be, and none besides?',
  },
  'access.roles': { of: 'target', needsUsers: true, asks: "Have tenants' users no roles?" },
  'access.grants': {
    of: 'target',
    needsUsers: true,
    asks: "Have tenants' users exactly the grants that they should have?",
  },
  'access.profiles': {
    of: 'target',
    needsUsers: true,
    asks: 'Do settings profiles state what they should state?',
  },
  'access.quotas': { of: 'target', needsUsers: true, asks: 'Do quotas limit what they should?' },
  'access.definer': {
    of: 'target',
    needsUsers: true,
    asks: 'Is the user that views run as there, and can nobody log in as it?',
  },
  'access.pins': {
    of: 'target',
    needsUsers: true,
    asks: "Does the readers' common profile hold every setting of the server?",
  },
  'tables.present': {
    of: 'target',
    asks: 'Has every tenant all its tables and views, in the present schema version?',
  },
} as const satisfies Record<string, CheckKind>;

export type DoctorCheck = keyof typeof doctorChecks;

export const doctorCheckNames = Object.keys(doctorChecks) as DoctorCheck[];

/** The checks that a target of this access mode is given. */
export function checksOfTarget({ hasUsers }: { hasUsers: boolean }): DoctorCheck[] {
  return doctorCheckNames.filter((name) => {
    const kind: CheckKind = doctorChecks[name];
    return kind.of === 'target' && (hasUsers || kind.needsUsers !== true);
  });
}
