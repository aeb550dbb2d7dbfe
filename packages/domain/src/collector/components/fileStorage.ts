import { literal } from '../config';
import type { ComponentBuilder } from '../context';

export const FILE_STORAGE = 'file_storage';

/**
 * Queues on the collector's volume: what was acknowledged survives a restart, and a reload does not wait
 * for a tenant whose ClickHouse hangs.
 */
export const fileStorage: ComponentBuilder = ({ storage, tenants }) =>
  storage === undefined || tenants.length === 0
    ? {}
    : {
        extensions: {
          [FILE_STORAGE]: {
            directory: literal(storage.directory),
            create_directory: true,
            // Without compaction a file keeps the size of the longest outage for ever.
            compaction: {
              on_rebound: true,
              cleanup_on_start: true,
              directory: literal(storage.directory),
            },
          },
        },
      };
