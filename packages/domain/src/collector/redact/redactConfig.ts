import type { CollectorConfig, Component, Json } from '../config';
import { sections } from '../config';
import type { Section } from '../config';
import { isJsonList } from '../plainJson';
import { isSensitiveName, REDACTED, redactText } from './sensitive';
import type { IsSecret } from './sensitive';

const nothing: IsSecret = () => false;

/** Takes its value from the collector's environment, and so tells none. */
const FROM_ENVIRONMENT = /^\$\{env:[A-Za-z_][A-Za-z0-9_]*\}$/;

/**
 * A config of ours without secrets: no key, password, token or header's value, in whatever part it stands, the operator's
 * fragment included. Two configs that differ in secrets alone become the same.
 * @param isSecret finds, beside what its place tells, words that are known to be secret.
 */
export function redactConfig(
  config: CollectorConfig,
  isSecret: IsSecret = nothing,
): CollectorConfig {
  const redacted: Partial<Record<Section, Record<string, Component>>> = {};
  for (const section of sections) {
    const components = config[section];
    if (components === undefined) continue;
    redacted[section] = Object.fromEntries(
      Object.entries(components).map(([id, settings]) => [id, redactComponent(settings, isSecret)]),
    );
  }
  return { ...redacted, service: config.service };
}

function redactComponent(settings: Component, isSecret: IsSecret): Component {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [
      name,
      isSensitiveName(name) ? masked(value) : redactValue(value, isSecret),
    ]),
  );
}

function redactValue(value: Json, isSecret: IsSecret): Json {
  if (typeof value === 'string') return redactSetting(value, isSecret);
  if (value === null || typeof value !== 'object') return value;
  if (isJsonList(value)) return value.map((item) => redactValue(item, isSecret));
  return redactComponent(value, isSecret);
}

/** A text, of which an address may carry secrets as parameters. */
function redactSetting(text: string, isSecret: IsSecret): string {
  const parameters = text.replace(
    /([?&])([A-Za-z0-9_.-]{1,64})=([^&\s#]*)/g,
    (whole, mark: string, name: string) =>
      isSensitiveName(name) ? `${mark}${name}=${REDACTED}` : whole,
  );
  return redactText(parameters, isSecret);
}

function masked(value: Json): Json {
  if (typeof value === 'string') return FROM_ENVIRONMENT.test(value) ? value : REDACTED;
  if (typeof value === 'number') return REDACTED;
  if (value === null || typeof value !== 'object') return value;
  if (isJsonList(value)) return value.map(masked);
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, masked(item)]));
}
