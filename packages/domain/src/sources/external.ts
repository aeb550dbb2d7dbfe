/** What HyperDX keeps to itself, at the top of a source; and the ids that mongoose gives to parts of one. */
const INTERNAL: ReadonlySet<string> = new Set(['team', '__v', 'createdAt', 'updatedAt']);

const UNITS = { s: 'second', m: 'minute', h: 'hour', d: 'day' } as const;
const EXTERNAL = /^(\d+)([smhd])$/;
const STORED = /^(\d+) (second|minute|hour|day)$/;

/** `15m` as `15 minute`; anything else stays as it is. */
function storedGranularity(text: unknown): unknown {
  const match = typeof text === 'string' ? EXTERNAL.exec(text) : null;
  const unit = match?.[2] as keyof typeof UNITS | undefined;
  return match && unit ? `${match[1] ?? ''} ${UNITS[unit]}` : text;
}

/** `15 minute` as `15m`; anything else stays as it is. */
function externalGranularity(text: unknown): unknown {
  const match = typeof text === 'string' ? STORED.exec(text) : null;
  return match ? `${match[1] ?? ''}${(match[2] ?? '').slice(0, 1)}` : text;
}

type Json = Record<string, unknown>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function mapGranularities(source: Json, map: (text: unknown) => unknown): Json {
  const within = (value: unknown, field: string): unknown =>
    isObject(value) && field in value ? { ...value, [field]: map(value[field]) } : value;
  const { materializedViews, metadataMaterializedViews } = source;
  return {
    ...source,
    ...(Array.isArray(materializedViews)
      ? { materializedViews: materializedViews.map((view) => within(view, 'minGranularity')) }
      : {}),
    ...(isObject(metadataMaterializedViews)
      ? { metadataMaterializedViews: within(metadataMaterializedViews, 'granularity') }
      : {}),
  };
}

/** A source as the external API takes it (HyperDX 2.36: granularities such as `15m`), in the form that is stored. */
export function fromExternalSource(body: unknown): unknown {
  return isObject(body) ? mapGranularities(body, storedGranularity) : body;
}

/**
 * A stored source as the external API shows it (HyperDX 2.36): `id` in place of `_id`, without what is HyperDX's own;
 * fields that are not known here are shown.
 */
export function toExternalSource(source: object, id: string): Json {
  const shown = Object.entries(source).filter(
    ([field]) => field !== '_id' && field !== 'id' && !INTERNAL.has(field),
  );
  const external = { id, ...Object.fromEntries(shown.map(([f, value]) => [f, withoutIds(value)])) };
  const mapped = mapGranularities(external, externalGranularity);
  // Sessions of older releases have none, and mean this column.
  return mapped['kind'] === 'session' && !mapped['timestampValueExpression']
    ? { ...mapped, timestampValueExpression: 'TimestampTime' }
    : mapped;
}

function withoutIds(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutIds);
  // Ids and dates are no plain objects, and are written as texts later.
  if (!isObject(value) || Object.getPrototypeOf(value) !== Object.prototype) return value;
  const kept = Object.entries(value).filter(([field]) => field !== '_id');
  return Object.fromEntries(kept.map(([field, child]) => [field, withoutIds(child)]));
}
