import AuditEvent from './auditEvent';
import CollectorAgent from './collectorAgent';
import CollectorToken from './collectorToken';
import Connection from './connection';
import Operator from './operator';
import OperatorToken from './operatorToken';
import Revision from './revision';
import Source from './source';
import Team from './team';
import Tenant from './tenant';
import User from './user';

/** Every model, for what concerns all of them (indexes). */
export const models = [
  Tenant,
  Team,
  User,
  Connection,
  Source,
  CollectorToken,
  CollectorAgent,
  Operator,
  OperatorToken,
  AuditEvent,
  Revision,
] as const;
