// What a tenant's statement may do: read strictly, parsed by the engine, judged here.
export { canonicalise } from './statement';
export type { Canonical, Expected } from './statement';
export { judge } from './judge';
export { isOwnTable } from './scope';
export type { TenantScope } from './scope';
export { guardRules, isRefusal, refuse } from './verdict';
export type { GuardRule, Permission, Refusal, Setting, StatementClass, Verdict } from './verdict';

// Of requests
export { checkParameterName } from './parameterName';
export { checkSetting } from './settings';
export type { SettingOutcome } from './settings';

// Of system tables
export { isNarrowed, systemFilters, systemTables } from './systemTables';

// The lists
export {
  allowedFunctions,
  combinators,
  deniedFunctions,
  higherOrder,
  isAllowedFunction,
} from './functions';
export { tableFunctions } from './tableFunctions';
