import type { ErrorCode } from '../../errors';
import { TenancyError } from '../../errors';

/** What a refusal says; fails the test where nothing is thrown, or something that is no refusal. */
export function failure(act: () => unknown): { code: ErrorCode; message: string } {
  try {
    act();
  } catch (error) {
    if (error instanceof TenancyError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('nothing was thrown');
}
