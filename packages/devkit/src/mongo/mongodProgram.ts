import { access, constants, mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { MongoBinary } from 'mongodb-memory-server-core';
import { DryMongoBinary } from 'mongodb-memory-server-core/lib/util/DryMongoBinary';
import { MongoBinaryDownloadUrl } from 'mongodb-memory-server-core/lib/util/MongoBinaryDownloadUrl';
import { getOS } from 'mongodb-memory-server-core/lib/util/getos';
import {
  resolveConfig,
  ResolveConfigVariables,
} from 'mongodb-memory-server-core/lib/util/resolveConfig';
import { cacheFolder } from '../build';

/** How long the download site may take to answer, milliseconds: it is asked before the first MongoDB of a day. */
const probeMs = 3_000;
const day = 24 * 60 * 60 * 1_000;

interface Verdict {
  url: string;
  reachable: boolean;
  /** Unix time, milliseconds. */
  at: number;
}

async function onPath(
  program: string,
  path = process.env['PATH'] ?? '',
): Promise<string | undefined> {
  for (const folder of path.split(delimiter).filter((entry) => entry !== '')) {
    const candidate = join(folder, program);
    const runs = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (runs) return candidate;
  }
  return undefined;
}

async function recall(file: string, url: string): Promise<boolean | undefined> {
  try {
    const verdict = JSON.parse(await readFile(file, 'utf8')) as Verdict;
    const fresh = verdict.url === url && Date.now() - verdict.at < day;
    return fresh ? verdict.reachable : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the real mongod can be downloaded here: asked once a day and kept in the cache folder. */
async function canDownload(version: string): Promise<boolean> {
  const { platform, arch } = process;
  const os = await getOS();
  const url = await new MongoBinaryDownloadUrl({ platform, arch, version, os }).getDownloadUrl();
  const file = join(cacheFolder(), 'mongod-download.json');
  const known = await recall(file, url);
  if (known !== undefined) return known;
  const reachable = await fetch(url, {
    method: 'HEAD',
    signal: AbortSignal.timeout(probeMs),
  }).then(
    (response) => response.ok,
    () => false,
  );
  await mkdir(cacheFolder(), { recursive: true });
  const verdict: Verdict = { url, reachable, at: Date.now() };
  await writeFile(file, JSON.stringify(verdict));
  return reachable;
}

/**
 * The real mongod: the one on PATH, the one that mongodb-memory-server keeps from an earlier download, or a download where its
 * site answers. Undefined where there is none to be had.
 */
export async function mongodProgram(log: (line: string) => void): Promise<string | undefined> {
  const installed = await onPath('mongod');
  if (installed !== undefined) return installed;
  const version = resolveConfig(ResolveConfigVariables.VERSION) ?? '';
  try {
    const kept = await DryMongoBinary.locateBinary({ version });
    if (kept !== undefined) return kept;
    if (!(await canDownload(version))) return undefined;
    log(`fetching mongod ${version}, once`);
    return await MongoBinary.getPath({ version });
  } catch (error) {
    // A machine for which there is no build of mongod, or a download that broke: FerretDB serves there as well.
    log(`mongod cannot be had here: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}
