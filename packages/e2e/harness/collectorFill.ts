import { logsRequest } from '../bench/otlpLogs';
import type { Sender } from './collectorLoad';
import type { Sample } from './otlp';
import { sendRequest } from './sender';

/** Records in one request: 700 KB. */
const RECORDS = 2_000;
/** A queue that is full says so at once. */
const PATIENCE_MS = 500;
/** The largest queue there is holds half of it. */
const MOST_REQUESTS = 400;

/**
 * Sends log records until a tenant's queue takes no more.
 * @param first number that the ids begin with.
 * @returns what was acknowledged. @throws Error where the queue has no end.
 */
export async function fillQueue(endpoint: string, sender: Sender, first = 0): Promise<Sample[]> {
  const acknowledged: Sample[] = [];
  for (let sent = 0; sent < MOST_REQUESTS; sent += 1) {
    const from = first + sent * RECORDS;
    const request = { ...logsRequest(from, RECORDS, sender.id, sent % 20), samples: [] };
    const status = await sendRequest(endpoint, sender.key, request, {
      deadlineMs: PATIENCE_MS,
    }).catch(() => undefined);
    if (status === undefined) return acknowledged;
    if (status !== 200) throw new Error(`the queue's tenant is refused with ${status}`);
    for (let id = from; id < from + RECORDS; id += 1) {
      acknowledged.push({ signal: 'logs', owner: sender.id, id: String(id) });
    }
  }
  throw new Error(`no queue is as long as ${MOST_REQUESTS * RECORDS} records`);
}
