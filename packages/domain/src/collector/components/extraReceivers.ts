import { TenancyError } from '../../errors';
import { literal } from '../config';
import type { Component, Json } from '../config';
import type { ComponentBuilder } from '../context';
import { literalButEnvironment } from '../environment';
import { isJsonList, plainJson } from '../plainJson';

/** HyperDX's ids for them. */
export const FLUENTFORWARD = 'fluentforward';
export const PROMETHEUS = 'prometheus';

/**
 * Receivers of a team's own collector that ask for no key. Of a team that is not served there are none: what they took in
 * would be lost, while a closed port makes its senders wait.
 */
export const extraReceivers: ComponentBuilder = ({ extraReceivers: extra, tenants }) => {
  if (tenants.length === 0) return {};
  const receivers: Record<string, Component> = {};
  if (extra.fluentforward) {
    receivers[FLUENTFORWARD] = { endpoint: literal(extra.fluentforward.endpoint) };
  }
  if (extra.prometheus) {
    // Written as for Prometheus, where `$1` in a relabelling is no escape; secrets may come from the environment.
    receivers[PROMETHEUS] = {
      config: { scrape_configs: asWritten(plainJson(extra.prometheus.scrapeConfigs, fault)) },
    };
  }
  return { receivers };
};

function asWritten(value: Json): Json {
  if (typeof value === 'string') return literalButEnvironment(value);
  if (value === null || typeof value !== 'object') return value;
  if (isJsonList(value)) return value.map(asWritten);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asWritten(item)]));
}

function fault(at: string, what: string): TenancyError {
  return new TenancyError('internal', `prometheus.scrapeConfigs${at}: ${what}`);
}
