/**
 * What an ingestion key may be: 8 to 128 characters that stand in an HTTP header, in gRPC metadata and
 * in a quoted OTTL string as they are. (`$` alone is doubled in a config, see `literal`.)
 * Another key breaks the config of its whole group, or never arrives.
 */
export const INGESTION_KEY = /^[A-Za-z0-9._~+/$-]{8,128}$/;

/** Every ingestion key has at least this many characters. */
export const INGESTION_KEY_MIN_LENGTH = 8;

/** True for a key that a collector can serve. */
export function isIngestionKey(key: unknown): key is string {
  return typeof key === 'string' && INGESTION_KEY.test(key);
}
