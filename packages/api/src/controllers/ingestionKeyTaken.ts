import { TenancyError } from '@hyperdx-tenancy/domain/errors';

/** A key says whose telemetry it is: no two teams have the same. */
export function ingestionKeyTaken(): TenancyError {
  return new TenancyError(
    'ingestion_key_taken',
    'apiKey: another team has this ingestion key; choose another.',
  );
}
