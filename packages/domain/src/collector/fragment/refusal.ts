import { TenancyError } from '../../errors';

/** The refusal of a fragment, by the place in it; `''`: of the whole. */
export function refusal(at: string, what: string): TenancyError {
  return new TenancyError(
    'invalid_request',
    at === '' ? `The fragment ${what}.` : `The fragment's ${at}: ${what}.`,
  );
}
