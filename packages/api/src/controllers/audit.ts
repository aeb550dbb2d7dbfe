import type {
  AuditAction,
  AuditActor,
  AuditEventView,
  AuditPage,
  ListAudit,
} from '@hyperdx-tenancy/domain/contracts/audit';
import { auditNoun, auditSnapshot } from '@hyperdx-tenancy/domain/contracts/auditFields';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import { Types } from 'mongoose';

import AuditEvent from '../models/auditEvent';
import type { IAuditEvent } from '../models/auditEvent';
import { isMongoUnavailable, mongoUnavailable } from '../utils/mongoErrors';
import { Backlog } from '../utils/backlog';
import { retry } from '../utils/retry';
import { defaultContext } from './context';
import type { Context } from './context';

/** Who does something, and from where. */
export interface Origin {
  actor: AuditActor;
  address: string | null;
  requestId: string | null;
}

/** The service itself, at one of its tasks such as `reconcile`. */
export function systemOrigin(task: string): Origin {
  return { actor: { kind: 'system', id: task, name: task }, address: null, requestId: null };
}

/** What is known of a change before it is made. */
export interface ChangeEvent {
  action: AuditAction;
  /** The tenant's id, where it is done to one. */
  tenant?: string;
  /** Id or name of what is changed, where it is not a tenant. */
  subject?: string;
  before?: object;
  /** What was asked for. */
  asked?: object;
}

/** What is known of it once it is made. */
export type ChangeFacts = Pick<ChangeEvent, 'tenant' | 'subject'> & { after?: object };

/** Events of changes that have ended, about to be written. */
const endings = new Backlog(1_000);
/** An outage of MongoDB that is over within this time leaves no event without its outcome. */
const ENDING_DEADLINE_MS = 10_000;
/** Ids and names; anything longer was not made by us. */
const MAX_TEXT = 256;

function codeOf(error: unknown): string {
  if (error instanceof TenancyError) return error.code;
  return isMongoUnavailable(error) ? 'mongo_unavailable' : 'internal';
}

async function begin(
  origin: Origin,
  event: ChangeEvent,
  context: Context,
): Promise<Types.ObjectId> {
  const noun = auditNoun(event.action);
  const _id = new Types.ObjectId();
  try {
    await AuditEvent.create({
      _id,
      at: context.now(),
      ...origin,
      action: event.action,
      tenant: event.tenant ?? null,
      subject: event.subject?.slice(0, MAX_TEXT) ?? null,
      before: event.before ? auditSnapshot(noun, event.before) : null,
      asked: event.asked ? auditSnapshot(noun, event.asked) : null,
    });
  } catch (cause) {
    // Said as it is: nothing else would work either.
    if (isMongoUnavailable(cause)) throw mongoUnavailable(cause);
    throw new TenancyError(
      'audit_unavailable',
      'The audit event could not be written; nothing was changed.',
      { cause },
    );
  }
  context.metrics.count('audit_events_total', { result: 'written' });
  return _id;
}

async function end(
  id: Types.ObjectId,
  fields: Partial<IAuditEvent>,
  context: Context,
): Promise<void> {
  const write = async (): Promise<void> => {
    await AuditEvent.updateOne({ _id: id }, { $set: fields });
  };
  const { outcome, code } = fields;
  await endings.add(() =>
    retry(write, {
      attempts: 8,
      deadlineMs: ENDING_DEADLINE_MS,
      pauseMs: 200,
      isTransient: isMongoUnavailable,
    }).catch((error: unknown) => {
      context.metrics.count('audit_events_total', { result: 'lost' });
      context.log.error(
        { auditEvent: id.toHexString(), outcome, code, err: error },
        'the outcome of a change could not be added to its audit event',
      );
    }),
  );
}

/**
 * Makes a change, and records it: the event is written before the change is made, its outcome when it has ended.
 * An event that keeps the outcome `null` tells of a process that died over its change.
 *
 * @param work makes the change.
 * @param facts reads off its result what else the event is to say.
 * @returns what `work` returns.
 * @throws what `work` throws, recorded as `failed`; TenancyError `audit_unavailable` where the event cannot be
 *   written: then nothing is changed.
 */
export async function recordChange<T>(
  origin: Origin,
  event: ChangeEvent,
  work: () => Promise<T>,
  facts: (result: T) => ChangeFacts,
  context: Context = defaultContext(),
): Promise<T> {
  const id = await begin(origin, event, context);
  let result: T;
  try {
    result = await work();
  } catch (error) {
    await end(id, { outcome: 'failed', code: codeOf(error), endedAt: context.now() }, context);
    throw error;
  }
  const { tenant, subject, after } = facts(result);
  await end(
    id,
    {
      outcome: 'ok',
      endedAt: context.now(),
      ...(tenant === undefined ? {} : { tenant }),
      ...(subject === undefined ? {} : { subject: subject.slice(0, MAX_TEXT) }),
      ...(after ? { after: auditSnapshot(auditNoun(event.action), after) } : {}),
    },
    context,
  );
  return result;
}

/** Waits for all events of changes that have ended: call it when nothing makes changes any more, before MongoDB is left. */
export async function flushAudit(): Promise<void> {
  await endings.flush();
}

function eventView(event: IAuditEvent): AuditEventView {
  const { actor } = event;
  return {
    id: event._id.toHexString(),
    at: event.at.toISOString(),
    actor: { kind: actor.kind, id: actor.id, name: actor.name },
    address: event.address,
    requestId: event.requestId,
    action: event.action,
    tenant: event.tenant,
    subject: event.subject,
    before: event.before,
    asked: event.asked,
    after: event.after,
    outcome: event.outcome,
    code: event.code,
    endedAt: event.endedAt?.toISOString() ?? null,
  };
}

/** Where a page ends: events of one millisecond are told apart by their ids. */
function cursorOf(event: IAuditEvent): string {
  return `${event.at.getTime()}.${event._id.toHexString()}`;
}

function beyond(cursor: string): object {
  const [ms, id] = cursor.split('.');
  const at = new Date(Number(ms));
  // The first bound is what an index can serve; the second picks out the rest of that millisecond.
  return {
    $and: [
      { at: { $lte: at } },
      { $or: [{ at: { $lt: at } }, { _id: { $lt: new Types.ObjectId(id) } }] },
    ],
  };
}

/** A page of events, newest first. */
export async function listAudit(query: ListAudit): Promise<AuditPage> {
  const since = query.since === undefined ? {} : { $gte: new Date(query.since) };
  const until = query.until === undefined ? {} : { $lt: new Date(query.until) };
  const isBounded = query.since !== undefined || query.until !== undefined;
  const events = await AuditEvent.find({
    ...(isBounded ? { at: { ...since, ...until } } : {}),
    ...(query.tenant === undefined ? {} : { tenant: query.tenant }),
    ...(query.action === undefined ? {} : { action: query.action }),
    ...(query.actor === undefined ? {} : { 'actor.id': query.actor }),
    ...(query.after === undefined ? {} : beyond(query.after)),
  })
    .sort({ at: -1, _id: -1 })
    // One more than asked for tells whether there is a next page.
    .limit(query.limit + 1)
    .lean<IAuditEvent[]>();
  const page = events.slice(0, query.limit);
  const last = page.at(-1);
  return {
    data: page.map(eventView),
    next: events.length > page.length && last ? cursorOf(last) : null,
  };
}
