// What a tenant may have: plans, overrides, and what is in force.
export { effectiveSettings, effectiveValues, patchSettings, platformSettings } from './effective';
export type { EffectiveValue, Origin, SettingsSources } from './effective';
export { Plan, PlanName, Plans } from './plan';
export { SettingsOverride, SettingsPatch } from './settings';
export type { Settings } from './settings';
