import type { Component } from '../config';

/** The pipelines on both sides of a replay router, named as HyperDX does. */
export const LOGS_IN = 'logs/in';
export const LOGS_OUT_DEFAULT = 'logs/out-default';
export const LOGS_OUT_RRWEB = 'logs/out-rrweb';

/**
 * Parts session replay events, which arrive as log records with the attribute `rr-web.event`, from logs.
 * The condition cannot fail; were it to, `propagate` refuses the request and nothing is stored twice or lost.
 */
export const replayRouter: Component = {
  error_mode: 'propagate',
  default_pipelines: [LOGS_OUT_DEFAULT],
  table: [
    {
      context: 'log',
      condition: 'attributes["rr-web.event"] != nil',
      pipelines: [LOGS_OUT_RRWEB],
    },
  ],
};
