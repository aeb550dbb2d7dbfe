import { isAbsolute, join, dirname } from 'node:path';

import { TargetName } from '@hyperdx-tenancy/domain/contracts/target';
import { z } from 'zod';

import { collectorUrl, databaseName, goDuration, httpUrl } from './forms';
import { readTextFile, readYamlFile } from './yamlFile';

/** TLS towards ClickHouse, as PEM texts. */
export interface TargetTls {
  ca?: string;
  cert?: string;
  key?: string;
}

/** One ClickHouse and how it is reached: by us for DDL, by collectors for telemetry. */
export interface TargetConfig {
  name: string;
  /** ClickHouse HTTP URL for this service. */
  host: string;
  username: string;
  password: string;
  database: string;
  /** The ClickHouse exporter's endpoint, as seen from the collectors. */
  collectorEndpoint: string;
  /** The exporter's time limit for one insert, as a Go duration. */
  exporterTimeout: string;
  /** `grants`: users and grants keep tenants apart. `guard`: the engine has no users, and only our own checks do. */
  access: 'grants' | 'guard';
  /** Statements run `ON CLUSTER` this one. */
  cluster?: string;
  /** `Replicated*` engines, with these arguments. */
  replicated?: { path: string; replica: string };
  tls?: TargetTls;
  /** Files in the collectors, for their TLS towards ClickHouse. */
  collectorTls?: { caFile?: string; certFile?: string; keyFile?: string };
  /** What the server is to hold at the most, all databases together; without a limit, whatever it takes. */
  capacity: { tables?: number; parts?: number };
}

/** ClickHouse's own default for the path of a replicated table, by the server's macros. */
const REPLICATED = { path: '/clickhouse/tables/{uuid}/{shard}', replica: '{replica}' } as const;

const count = z.int().min(1);
const absolutePath = z.string().startsWith('/', 'must be an absolute path');

const Entry = z.strictObject({
  name: TargetName,
  url: httpUrl,
  username: z.string().min(1).default('default'),
  password: z.string().optional(),
  passwordFile: z.string().min(1).optional(),
  database: databaseName.default('default'),
  collectorEndpoint: collectorUrl.optional(),
  exporterTimeout: goDuration.optional(),
  access: z.enum(['grants', 'guard']).default('grants'),
  cluster: z
    .string()
    .regex(/^[A-Za-z0-9_.{}-]{1,128}$/, 'must be the name of a cluster')
    .optional(),
  replicated: z
    .union([
      z.boolean(),
      z.strictObject({
        path: z.string().regex(/\{(table|uuid)\}/, 'must hold {table} or {uuid}'),
        replica: z.string().min(1),
      }),
    ])
    .optional(),
  tls: z
    .strictObject({
      caFile: z.string().min(1).optional(),
      certFile: z.string().min(1).optional(),
      keyFile: z.string().min(1).optional(),
    })
    .refine((tls) => (tls.certFile === undefined) === (tls.keyFile === undefined), {
      message: 'certFile and keyFile go together',
    })
    .optional(),
  collectorTls: z
    .strictObject({
      caFile: absolutePath.optional(),
      certFile: absolutePath.optional(),
      keyFile: absolutePath.optional(),
    })
    .refine((tls) => (tls.certFile === undefined) === (tls.keyFile === undefined), {
      message: 'certFile and keyFile go together',
    })
    .optional(),
  capacity: z.strictObject({ tables: count.optional(), parts: count.optional() }).default({}),
});
type Entry = z.infer<typeof Entry>;

const TargetsFile = z
  .strictObject({
    targets: z
      .array(
        Entry.refine((entry) => entry.password === undefined || entry.passwordFile === undefined, {
          path: ['passwordFile'],
          message: 'is stated beside password: one of them will do',
        }),
      )
      .min(1, 'must name a target')
      .max(100, 'must have at most 100 targets'),
  })
  .check(({ value, issues }) => {
    const names = value.targets.map(({ name }) => name);
    names.forEach((name, index) => {
      if (names.indexOf(name) === index) return;
      issues.push({
        code: 'custom',
        input: name,
        path: ['targets', index, 'name'],
        message: 'is the name of another target as well',
      });
    });
  });

/** Without undefined ones, which `exactOptionalPropertyTypes` tells from missing ones. */
function stated<T extends object>(fields: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: NonNullable<T[K]> };
}

function toTarget(entry: Entry, directory: string, exporterTimeout: string): TargetConfig {
  const file = (path: string): string =>
    readTextFile(isAbsolute(path) ? path : join(directory, path));
  const { tls, replicated, cluster, collectorTls } = entry;
  return {
    name: entry.name,
    host: entry.url,
    username: entry.username,
    password:
      entry.passwordFile === undefined ? (entry.password ?? '') : file(entry.passwordFile).trim(),
    database: entry.database,
    collectorEndpoint: entry.collectorEndpoint ?? entry.url,
    exporterTimeout: entry.exporterTimeout ?? exporterTimeout,
    access: entry.access,
    ...(cluster === undefined ? {} : { cluster }),
    ...(replicated === undefined || replicated === false
      ? {}
      : { replicated: replicated === true ? REPLICATED : replicated }),
    ...(tls === undefined
      ? {}
      : {
          tls: stated({
            ca: tls.caFile === undefined ? undefined : file(tls.caFile),
            cert: tls.certFile === undefined ? undefined : file(tls.certFile),
            key: tls.keyFile === undefined ? undefined : file(tls.keyFile),
          }),
        }),
    ...(collectorTls === undefined ? {} : { collectorTls: stated(collectorTls) }),
    capacity: stated(entry.capacity),
  };
}

/**
 * Reads the targets file. Paths in it are relative to its own folder.
 * @param exporterTimeout of targets that state none, as a Go duration.
 * @throws ConfigFileError that names every fault, with its line.
 */
export function readTargetsFile(path: string, exporterTimeout: string): TargetConfig[] {
  const { targets } = readYamlFile(path, TargetsFile);
  return targets.map((entry) => toTarget(entry, dirname(path), exporterTimeout));
}
