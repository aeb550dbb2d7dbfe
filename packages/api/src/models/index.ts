import AuditEvent from './auditEvent';
import CollectorAgent from './collectorAgent';
import CollectorEffectiveConfig from './collectorEffectiveConfig';
import CollectorGroup from './collectorGroup';
import CollectorQuarantine from './collectorQuarantine';
import CollectorRevision from './collectorRevision';
import CollectorRollout from './collectorRollout';
import CollectorToken from './collectorToken';
import Connection from './connection';
import Membership from './membership';
import Operator from './operator';
import OperatorToken from './operatorToken';
import Registration from './registration';
import Revision from './revision';
import Source from './source';
import SupportEntry from './supportEntry';
import Team from './team';
import TeamInvite from './teamInvite';
import Tenant from './tenant';
import TenantConnection from './tenantConnection';
import User from './user';

/** Every model, for what concerns all of them (indexes). */
export const models = [
  Tenant,
  Team,
  User,
  TeamInvite,
  Membership,
  Connection,
  TenantConnection,
  Source,
  CollectorToken,
  CollectorGroup,
  CollectorRevision,
  CollectorRollout,
  CollectorQuarantine,
  CollectorAgent,
  CollectorEffectiveConfig,
  Operator,
  OperatorToken,
  AuditEvent,
  SupportEntry,
  Registration,
  Revision,
] as const;
