import { EventEmitter } from 'node:events';

import Revision from '../models/revision';
import type { IRevision, RevisionNote } from '../models/revision';
import type { Logger } from '../utils/logger';
import { isDuplicateKey } from '../utils/mongoErrors';
import { isNotable, mergeChanged } from './collectorChanges';
import type { Changed } from './collectorChanges';

/** Topics that processes tell each other about. */
export type RevisionTopic = 'collectors';

/** Changes whose notes are kept: many more than are made between two polls, in about 30 KB. */
export const KEPT_NOTES = 256;
/** Processes that announce at a time: each gets its turn within a few tries. */
const TRIES = 10;

const local = new EventEmitter();

const slotOf = (revision: number): string => `s${revision % KEPT_NOTES}`;

async function begin(topic: RevisionTopic): Promise<void> {
  try {
    await Revision.create({ _id: topic, revision: 0 });
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
  }
}

/** @returns false where others announced something again and again meanwhile. */
async function writeNote(topic: RevisionTopic, changed: Changed): Promise<boolean> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const seen = await Revision.findById(topic, { revision: 1 }).lean<IRevision>();
    if (!seen) {
      await begin(topic);
      continue;
    }
    const revision = seen.revision + 1;
    const note = { revision, changed };
    const { matchedCount } = await Revision.updateOne(
      { _id: topic, revision: seen.revision },
      { $set: { revision, [`notes.${slotOf(revision)}`]: note } },
    );
    if (matchedCount > 0) return true;
  }
  return false;
}

/**
 * Says that something about a topic changed: to this process at once, to the others by the number they
 * poll. Call it after the change is written, so that who hears of it reads the new state. It never fails
 * what it reports on: the change stands, and processes that missed it read everything again now and then.
 * @param changed the documents that were written or removed, which alone are read again; without it everything is.
 */
export async function announceChange(
  topic: RevisionTopic,
  log: Logger,
  changed?: Changed,
): Promise<void> {
  try {
    const noted = changed && isNotable(changed) && (await writeNote(topic, changed));
    // A number without a note: everything may have changed.
    if (noted !== true)
      await Revision.updateOne({ _id: topic }, { $inc: { revision: 1 } }, { upsert: true });
  } catch (error) {
    log.warn(
      { topic, err: error },
      'a change could not be announced; other processes see it at their next full read',
    );
    local.emit(topic, false);
    return;
  }
  local.emit(topic, true);
}

/** The number of the last change of a topic; 0 before the first. */
export async function readRevision(topic: RevisionTopic): Promise<number> {
  return (await Revision.findById(topic, { revision: 1 }).lean())?.revision ?? 0;
}

/** What changed since some change. */
export interface ChangesSince {
  /** The number of the last change. */
  revision: number;
  /** `undefined`: it may be anything, since not all of the changes are noted, or no longer. */
  changed: Changed | undefined;
}

/** @param since the number of the last change that is known. */
export async function readChanges(topic: RevisionTopic, since: number): Promise<ChangesSince> {
  const found = await Revision.findById(topic).lean<IRevision>();
  const revision = found?.revision ?? 0;
  // A lower number: another database was put in the place of this one.
  if (revision < since || revision - since > KEPT_NOTES) return { revision, changed: undefined };
  const notes: RevisionNote[] = [];
  for (let number = since + 1; number <= revision; number += 1) {
    const note = found?.notes?.[slotOf(number)];
    if (note?.revision !== number) return { revision, changed: undefined };
    notes.push(note);
  }
  return { revision, changed: mergeChanged(notes.map(({ changed }) => changed)) };
}

/**
 * Calls back on changes made in this process; returns the way to stop it.
 * @param listener is told whether the change was announced: of one that was not, nothing is found by its number.
 */
export function onLocalChange(
  topic: RevisionTopic,
  listener: (announced: boolean) => void,
): () => void {
  local.on(topic, listener);
  return () => local.off(topic, listener);
}
