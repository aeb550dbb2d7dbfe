import { EventEmitter } from 'node:events';

import Revision from '../models/revision';
import type { Logger } from '../utils/logger';

/** Topics that processes tell each other about. */
export type RevisionTopic = 'collectors';

const local = new EventEmitter();

/**
 * Says that something about a topic changed: to this process at once, to the others by the number they
 * poll. Call it after the change is written, so that who hears of it reads the new state. It never fails
 * what it reports on: the change stands, and processes that missed it read everything again now and then.
 */
export async function announceChange(topic: RevisionTopic, log: Logger): Promise<void> {
  try {
    await Revision.updateOne({ _id: topic }, { $inc: { revision: 1 } }, { upsert: true });
  } catch (error) {
    log.warn(
      { topic, err: error },
      'a change could not be announced; other processes see it at their next full read',
    );
  }
  local.emit(topic);
}

/** The number of the last change of a topic; 0 before the first. */
export async function readRevision(topic: RevisionTopic): Promise<number> {
  return (await Revision.findById(topic).lean())?.revision ?? 0;
}

/** Calls back on changes made in this process; returns the way to stop it. */
export function onLocalChange(topic: RevisionTopic, listener: () => void): () => void {
  local.on(topic, listener);
  return () => local.off(topic, listener);
}
