import { parseTenantId } from '../../ids';
import type { AccessOptions, TenantAccess } from '../access';
import { accessFor } from '../access';
import type { PasswordHash } from '../password';
import type { ServerSetting } from '../settings';

export const tenantId = parseTenantId('65f0c0ffee0000000000aaaa');

export const password: PasswordHash = { hash: 'ab'.repeat(32), salt: 'cd'.repeat(16) };

const plain = (name: string): ServerSetting => ({ name, aliasFor: '' });

/** A server of a few settings, two of which HyperDX sends only where they are listed. */
export const serverSettings: readonly ServerSetting[] = [
  ...[
    'enable_analyzer',
    'max_execution_time',
    'max_threads',
    'readonly',
    'use_skip_indexes_for_top_k',
    'enable_full_text_index',
  ].map(plain),
  { name: 'allow_experimental_analyzer', aliasFor: 'enable_analyzer' },
];

export const access = (options: Partial<AccessOptions> = {}): TenantAccess =>
  accessFor({ tenantId, database: 'otel', serverSettings, ...options });
