import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';

import { MongoClient } from 'mongodb';

import { REBUILDING_MONGO } from './opampBaselines';
import { bodyAt, bytes, number } from './opampWire';
import { serveProgram } from './program';

/** AcceptsStatus, OffersRemoteConfig, AcceptsEffectiveConfig. */
const SERVER_CAPABILITIES = 0x7;

/**
 * The one config for all teams, in the form of HyperDX 2.36: every key that is enforced is a token of the receiver's guard, and
 * everything goes to one pair of exporters.
 */
function configFor(keys: readonly string[]): object {
  const guarded = {
    include_metadata: true,
    ...(keys.length > 0 ? { auth: { authenticator: 'bearertokenauth/hyperdx' } } : {}),
  };
  const exporter = {
    endpoint: '${env:CLICKHOUSE_ENDPOINT}',
    username: '${env:CLICKHOUSE_USER}',
    password: '${env:CLICKHOUSE_PASSWORD}',
    database: 'default',
    create_schema: false,
    ttl: '720h',
    timeout: '5s',
    retry_on_failure: { enabled: true, initial_interval: '5s', max_interval: '30s' },
  };
  const out = (exporterName: string): object => ({
    receivers: ['routing/logs'],
    exporters: [exporterName],
  });
  return {
    receivers: {
      nop: null,
      fluentforward: { endpoint: '0.0.0.0:24225' },
      prometheus: {
        config: {
          scrape_configs: [
            { job_name: 'otelcol', static_configs: [{ targets: ['0.0.0.0:8888'] }] },
          ],
        },
      },
      'otlp/hyperdx': {
        protocols: {
          grpc: { endpoint: '0.0.0.0:4317', ...guarded },
          http: { endpoint: '0.0.0.0:4318', cors: { allowed_origins: ['*'] }, ...guarded },
        },
      },
    },
    connectors: {
      'routing/logs': {
        default_pipelines: ['logs/out-default'],
        error_mode: 'ignore',
        table: [
          {
            context: 'log',
            statement: 'route() where IsMatch(attributes["rr-web.event"], ".*")',
            pipelines: ['logs/out-rrweb'],
          },
        ],
      },
    },
    exporters: {
      clickhouse: exporter,
      'clickhouse/rrweb': { ...exporter, logs_table_name: 'hyperdx_sessions' },
    },
    extensions: { 'bearertokenauth/hyperdx': { scheme: '', tokens: keys } },
    service: {
      extensions: ['bearertokenauth/hyperdx'],
      pipelines: {
        traces: { receivers: ['otlp/hyperdx'], exporters: ['clickhouse'] },
        metrics: { receivers: ['otlp/hyperdx', 'prometheus'], exporters: ['clickhouse'] },
        'logs/in': { receivers: ['otlp/hyperdx', 'fluentforward'], exporters: ['routing/logs'] },
        'logs/out-default': out('clickhouse'),
        'logs/out-rrweb': out('clickhouse/rrweb'),
      },
    },
  };
}

async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of incoming as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts);
}

/**
 * HyperDX's own way of answering a poll: all teams are loaded from MongoDB, the config for all of them is built again, and it is sent
 * whole, whatever the agent has. Kinder than the original, which reads through Mongoose and writes through a general library of
 * protocol buffers.
 */
serveProgram(() => {
  const mongo = new MongoClient(process.env[REBUILDING_MONGO] ?? '', {
    serverSelectionTimeoutMS: 5_000,
    socketTimeoutMS: 30_000,
  });
  const teams = mongo.db().collection('teams');
  const agents = new Map<string, object>();

  async function answer(message: Buffer): Promise<Buffer> {
    const uid = bodyAt(message, 1) ?? Buffer.alloc(0);
    agents.set(uid.toString('hex'), { lastSeen: new Date() });
    const all = await teams.find({}).toArray();
    const keys = all
      .filter((team) => team['collectorAuthenticationEnforced'] === true)
      .map((team) => String(team['apiKey']));
    const config = JSON.stringify(configFor(keys), null, 2);
    const hash = createHash('sha256').update(config).digest();
    const file = bytes(2, bytes(1, config), bytes(2, 'application/json'));
    return Buffer.concat([
      bytes(1, uid),
      bytes(3, bytes(1, bytes(1, bytes(1, 'config.json'), file)), bytes(2, hash)),
      number(7, SERVER_CAPABILITIES),
    ]);
  }

  return createServer((incoming, response) => {
    bodyOf(incoming)
      .then(answer)
      .then(
        (body) =>
          response
            .writeHead(200, {
              'Content-Type': 'application/x-protobuf',
              'Content-Length': body.length,
            })
            .end(body),
        () => response.destroy(),
      );
  });
});
