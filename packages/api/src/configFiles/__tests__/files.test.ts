import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ConfigError, parseConfig } from '../../config';
import type { Config } from '../../config';

const minimal = {
  MONGO_URI: 'mongodb://127.0.0.1:27017/hyperdx',
  CLICKHOUSE_HOST: 'http://127.0.0.1:8123',
  TENANCY_SECRET: 'a secret of at least 16 characters',
  EXPRESS_SESSION_SECRET: 'another of at least 16 characters',
  TENANCY_ADMIN_TOKEN: 'an-admin-token-of-length',
};

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'hdxt-config-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const targets = (text: string): Config =>
  parseConfig({ ...minimal, TENANCY_TARGETS_FILE: write('targets.yaml', text) });
const plans = (text: string): Config =>
  parseConfig({ ...minimal, TENANCY_PLANS_FILE: write('plans.yaml', text) });

function faultsOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
}

describe('a targets file', () => {
  it('adds targets to the one of the environment', () => {
    write('password', 'from-a-file\n');
    write('ca.pem', 'CERTIFICATE');
    const config = targets(`
targets:
  - name: eu
    url: https://eu.example.com:8443
    username: admin
    passwordFile: password
    database: otel
    collectorEndpoint: tcp://eu.example.com:9440?secure=true
    exporterTimeout: 10s
    cluster: main
    replicated: true
    tls: { caFile: ca.pem }
    collectorTls: { caFile: /etc/ssl/eu.pem }
    capacity: { tables: 60000, parts: 500000 }
`);
    expect(config.targets.map(({ name }) => name)).toEqual(['default', 'eu']);
    expect(config.targets[1]).toEqual({
      name: 'eu',
      host: 'https://eu.example.com:8443',
      username: 'admin',
      password: 'from-a-file',
      database: 'otel',
      collectorEndpoint: 'tcp://eu.example.com:9440?secure=true',
      exporterTimeout: '10s',
      access: 'grants',
      cluster: 'main',
      replicated: { path: '/clickhouse/tables/{uuid}/{shard}', replica: '{replica}' },
      tls: { ca: 'CERTIFICATE' },
      collectorTls: { caFile: '/etc/ssl/eu.pem' },
      capacity: { tables: 60_000, parts: 500_000 },
    });
  });

  it('may define "default" itself, and then stands in for the environment', () => {
    const text = 'targets: [{ name: default, url: "http://other:8123" }]';
    expect(targets(text).targets.map(({ host }) => host)).toEqual(['http://other:8123']);
    const { CLICKHOUSE_HOST: _unset, ...rest } = minimal;
    const path = write('targets.yaml', text);
    expect(parseConfig({ ...rest, TENANCY_TARGETS_FILE: path }).targets).toHaveLength(1);
  });

  it.each([
    ['targets: []', 'targets.yaml:1: targets: must name a target'],
    ['', 'targets.yaml'],
    ['targets:\n  - name: a\n', 'targets.yaml:2: targets.0.url: is missing'],
    ['targets:\n  - name: a\n    url: ftp://x\n', 'targets.yaml:3: targets.0.url: must be an http'],
    ['targets:\n  - {name: a, url: "http://x", usr: b}', 'targets.0.usr: unknown field'],
    [
      'targets:\n  - {name: a, url: "http://x"}\n  - {name: a, url: "http://y"}',
      'targets.yaml:3: targets.1.name: is the name of another target',
    ],
    ['targets: [{name: "../a", url: "http://x"}]', 'targets.0.name: must be 1 to 63'],
    ['targets: [{name: a, url: "http://x", access: open}]', 'targets.0.access: '],
    ['targets: [{name: a, url: "http://x", database: "a`b"}]', 'must be a plain identifier'],
    ['targets: [{name: a, url: "http://x", capacity: {tables: 0}}]', 'capacity.tables: '],
    ['targets: [{name: a, url: "http://x", replicated: {path: /p, replica: r}}]', '{table}'],
    ['targets: [{name: a, url: "http://x", tls: {certFile: c}}]', 'certFile and keyFile'],
    ['targets: [{name: a, url: "http://x", passwordFile: none}]', 'none: cannot be read'],
    [
      'targets: [{name: a, url: "http://x", password: hidden-word, passwordFile: p}]',
      'passwordFile: is stated beside password',
    ],
    ['targets: &a []\nmore: *a', 'must not hold aliases'],
    ['targets: [{name: a, name: b, url: "http://x"}]', 'targets.yaml:1: is not YAML'],
    ['targets: !!js/function "x"', 'is not YAML'],
    ['targets: [\n', 'is not YAML'],
  ])('%j is refused with file, line and field', (text, fault) => {
    const faults = faultsOf(() => targets(text));
    expect(faults).toContain('TENANCY_TARGETS_FILE: ');
    expect(faults).toContain(fault);
    expect(faults).not.toContain('hidden-word');
  });

  it('that is not there stops the start', () => {
    const read = () => parseConfig({ ...minimal, TENANCY_TARGETS_FILE: join(folder, 'none') });
    expect(faultsOf(read)).toMatch(/TENANCY_TARGETS_FILE: .*none: cannot be read/);
  });

  it('that asks for the guard as the only wall is refused in production', () => {
    const read = () => targets('targets: [{name: lab, url: "http://x", access: guard}]');
    expect(faultsOf(read)).toContain('target lab has access mode "guard"');
  });
});

describe('a plans file', () => {
  it('names plans', () => {
    const config = plans(
      'plans:\n  - name: small\n    settings: {retentionHours: {logs: 24}, partitioning: week}\ndefault: small\n',
    );
    expect(config.plans).toEqual({
      plans: [{ name: 'small', settings: { retentionHours: { logs: 24 }, partitioning: 'week' } }],
      default: 'small',
    });
  });

  it('is refused with file, line and field', () => {
    const text = 'plans:\n  - name: small\n    settings:\n      reader: {maxExecutionSeconds: 0}\n';
    expect(faultsOf(() => plans(text))).toMatch(
      /TENANCY_PLANS_FILE: .*plans.yaml:4: plans.0.settings.reader.maxExecutionSeconds: /,
    );
  });
});
