/** In the name of everything that these fragments add. */
export const MARK = 'operators-own';

const logs = { receivers: [`nop/${MARK}`], exporters: [`debug/${MARK}`] };

/** A fragment that every collector runs. */
export const goodFragment = {
  receivers: { [`nop/${MARK}`]: {} },
  exporters: { [`debug/${MARK}`]: { verbosity: 'basic' } },
  service: { pipelines: { [`logs/${MARK}`]: logs } },
};

/** Fragments that pass every check of ours; by what the collector makes of them. */
export const badFragments = {
  'that no collector can read': {
    ...goodFragment,
    exporters: { [`debug/${MARK}`]: { verbosity: 'shouting' } },
  },
  'that no collector can start with': {
    // An address of nobody (RFC 5737): valid, and not to be listened on.
    receivers: { [`otlp/${MARK}`]: { protocols: { http: { endpoint: '192.0.2.1:14318' } } } },
    exporters: goodFragment.exporters,
    service: {
      pipelines: { [`logs/${MARK}`]: { ...logs, receivers: [`otlp/${MARK}`] } },
    },
  },
} as const;
