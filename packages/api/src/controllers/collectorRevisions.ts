import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';

import { KEPT_REVISIONS } from '@hyperdx-tenancy/domain/contracts/collectorRollout';
import type {
  RevisionDetail,
  RevisionView,
} from '@hyperdx-tenancy/domain/contracts/collectorRollout';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import { createTwoFilesPatch } from 'diff';
import { Types } from 'mongoose';

import CollectorRevision from '../models/collectorRevision';
import type { ICollectorRevision } from '../models/collectorRevision';
import CollectorRollout from '../models/collectorRollout';
import type { ICollectorRollout } from '../models/collectorRollout';
import { faultPoint } from '../utils/faultPoint';
import { isDuplicateKey } from '../utils/mongoErrors';
import { readableConfig } from './collectorConfigs';
import type { BuiltShard, ShardInputs } from './collectorConfigs';
import { isKept, numbersInUse } from './rolloutSteps';

const compress = promisify(gzip);
const expand = promisify(gunzip);

/** A config's text without secrets, unzipped: far above one of 250 tenants, which has about 2 MB on many lines. */
const MAX_TEXT_BYTES = 64 * 1024 * 1024;

const key = (shard: string, number: number): string => `${shard}#${number}`;

/** What is to be recorded of a config before it is offered. */
export interface NewRevision {
  shard: string;
  number: number;
  cause: ICollectorRevision['cause'];
  inputs: ShardInputs;
  built: BuiltShard;
  at: Date;
}

/** Whether a revision was written down. */
export async function hasRevision(shard: string, number: number): Promise<boolean> {
  return (await CollectorRevision.exists({ _id: key(shard, number) })) !== null;
}

/** Records a revision, unless another process has; takes away those that are too old, but for those still in use. */
export async function writeRevision(
  { shard, number, cause, inputs, built, at }: NewRevision,
  rollout: ICollectorRollout,
): Promise<void> {
  try {
    await CollectorRevision.create({
      _id: key(shard, number),
      shard,
      number,
      hash: built.hashHex,
      state: 'offered',
      cause,
      reason: null,
      options: inputs.options,
      fragment: inputs.fragment,
      tenants: inputs.tenants.map((id) => new Types.ObjectId(id)),
      bytes: Buffer.byteLength(built.body),
      body: await compress(readableConfig(built)),
      createdAt: at,
    });
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
  }
  faultPoint('written:collectorRevision.document');
  const tooOld = number - KEPT_REVISIONS;
  // Of a change for all groups, what is asked for by anything but an id is most of what it costs FerretDB.
  if (tooOld < 1) return;
  await CollectorRevision.deleteMany({
    shard,
    number: { $lte: tooOld, $nin: numbersInUse(rollout) },
  });
}

/** Notes that a revision runs well. */
export async function markGoodRevision(shard: string, number: number): Promise<void> {
  await CollectorRevision.updateOne(
    { _id: key(shard, number) },
    { $set: { state: 'good', reason: null } },
  );
}

/** Notes what became of all revisions of a shard with one config. */
export async function markRevision(
  shard: string,
  hash: string,
  state: 'good' | 'failed',
  reason: string | null = null,
): Promise<void> {
  await CollectorRevision.updateMany({ shard, hash }, { $set: { state, reason } });
}

/** What revisions were built from: these never change. */
export async function readInputs(
  wanted: readonly { shard: string; number: number }[],
): Promise<Map<string, ShardInputs>> {
  if (wanted.length === 0) return new Map();
  const found = await CollectorRevision.find(
    { _id: { $in: wanted.map(({ shard, number }) => key(shard, number)) } },
    { options: 1, fragment: 1, tenants: 1 },
  ).lean<ICollectorRevision[]>();
  return new Map(found.map((revision) => [revision._id, inputsOf(revision)]));
}

/** What a revision was built from, as it was stored. */
export function inputsOf({
  options,
  fragment,
  tenants,
}: Pick<ICollectorRevision, 'options' | 'fragment' | 'tenants'>): ShardInputs {
  return { options, fragment, tenants: tenants.map((id) => parseTenantId(id.toHexString())) };
}

/** The key under which {@link readInputs} answers. */
export const revisionKey = key;

/** The last revision that ran well, other than one, and than those that failed later; only of those that stay. */
export async function lastGood(
  rollout: ICollectorRollout,
  except: string,
): Promise<ICollectorRollout['good']> {
  const failed = rollout.blocked.map(({ hash }) => hash);
  const found = await CollectorRevision.find(
    { shard: rollout._id, state: 'good', hash: { $nin: [except, ...failed] } },
    { number: 1, hash: 1 },
  )
    .sort({ number: -1 })
    .lean<ICollectorRevision[]>();
  const last = found.find(({ number }) => isKept(rollout, number));
  return last ? { number: last.number, hash: last.hash } : null;
}

const summary = {
  shard: 1,
  number: 1,
  hash: 1,
  state: 1,
  cause: 1,
  reason: 1,
  tenants: 1,
  bytes: 1,
  createdAt: 1,
} as const;

/** @param latest the number of the shard's latest one: none before it is on offer any more. */
function revisionView(revision: ICollectorRevision, latest: number): RevisionView {
  const isSuperseded = revision.state === 'offered' && revision.number < latest;
  return {
    number: revision.number,
    hash: revision.hash,
    state: isSuperseded ? 'superseded' : revision.state,
    createdAt: revision.createdAt.toISOString(),
    cause: revision.cause,
    tenants: revision.tenants.length,
    bytes: revision.bytes,
    reason: revision.reason,
  };
}

/** The last revisions of a shard, newest first. */
export async function listRevisions(shard: string): Promise<RevisionView[]> {
  const revisions = await CollectorRevision.find({ shard }, summary)
    .sort({ number: -1 })
    // Those in use are kept beyond the last ones.
    .limit(KEPT_REVISIONS + 3)
    .lean<ICollectorRevision[]>();
  const latest = revisions[0]?.number ?? 0;
  return revisions.map((revision) => revisionView(revision, latest));
}

async function textOf({ body }: ICollectorRevision): Promise<string> {
  // The driver's own type of binary data, where documents are read lean.
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from((body as { buffer: Uint8Array }).buffer);
  return (await expand(bytes, { maxOutputLength: MAX_TEXT_BYTES })).toString();
}

/** Lines around a difference. */
const DIFF_CONTEXT = 3;
/** Telling two texts apart may take so long: that of two which have little in common grows with the square. */
const DIFF_MS = 2_000;

/** How a text differs from the one before, as a unified diff; `null` where it does not, or where it takes too long. */
export function unifiedDiff(
  before: { name: string; text: string },
  after: { name: string; text: string },
): string | null {
  if (before.text === after.text) return null;
  const patch = createTwoFilesPatch(
    before.name,
    after.name,
    before.text,
    after.text,
    undefined,
    undefined,
    { context: DIFF_CONTEXT, timeout: DIFF_MS },
  );
  return patch ?? null;
}

/** One revision, with its text and how it differs from the one before that is kept. @throws TenancyError `not_found`. */
export async function getRevision(shard: string, number: number): Promise<RevisionDetail> {
  const found = await CollectorRevision.findById(key(shard, number)).lean<ICollectorRevision>();
  if (!found) throw new TenancyError('not_found', 'There is no such revision.');
  const before = await CollectorRevision.findOne({ shard, number: { $lt: number } })
    .sort({ number: -1 })
    .lean<ICollectorRevision>();
  const rollout = await CollectorRollout.findById(shard, { latest: 1 }).lean<
    Pick<ICollectorRollout, 'latest'>
  >();
  const config = await textOf(found);
  return {
    ...revisionView(found, rollout?.latest ?? number),
    config,
    diff: before
      ? unifiedDiff(
          { name: `revision ${before.number}`, text: await textOf(before) },
          { name: `revision ${number}`, text: config },
        )
      : null,
    options: found.options,
    fragment: found.fragment,
  };
}
