// A tenant's users in ClickHouse: what they may do, as data, and the statements that make it so.
export { accessFor, pinnedNames, withoutInserts } from './access';
export type { AccessOptions, ReaderMode, TenantAccess, UserAccess } from './access';
export { definerGrants, readerGrants, systemReads, writerGrants } from './grants';
export type { Grant, Privilege, SystemRead } from './grants';
export { defaultQuota, defaultReaderLimits, defaultWriterLimits, quotaSeconds } from './limits';
export type { QuotaInterval, ReaderLimits, WriterLimits } from './limits';
export {
  doorUserName,
  emptyDatabase,
  parseDoorUserName,
  profileName,
  quotaName,
  readerName,
  readerPins,
  userName,
  viewsDefiner,
  writerName,
} from './names';
export type { AccessRole } from './names';
export type { PasswordHash } from './password';
export { readerSettings, writerSettings } from './settings';
export type { ServerSetting, SettingRule } from './settings';

// Statements
export { quotaResources } from './clauses';
export {
  renderAccess,
  renderAddPassword,
  renderDropAccess,
  renderDropOldPasswords,
  renderEmptyDatabase,
  renderReaderPins,
  renderResume,
  renderSetPassword,
  renderSuspend,
  renderViewsDefiner,
} from './render';
export type { AccessStatement, RenderOptions } from './render';
