import type { AdminRoute } from '@hyperdx-tenancy/domain/contracts/routes';
import express from 'express';
import type { Express } from 'express';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { createLogger } from '../../utils/logger';
import { errorHandler } from '../errors';
import { requireRole } from '../role';

const route = (method: AdminRoute['method'], path: `/${string}`, role: AdminRoute['role']) => ({
  method,
  path,
  role,
  summary: '',
  changes: false,
  responses: {},
});

/** Serves everything; the gate alone decides. */
function app(): Express {
  const served = express();
  served.use((req, res, next) => {
    res.locals['operator'] = { kind: 'token', id: '1', name: 'x', role: req.get('role') };
    next();
  });
  served.use(
    '/base',
    requireRole([
      route('get', '/things', 'viewer'),
      route('get', '/things/:id', 'viewer'),
      route('post', '/things/:id', 'admin'),
    ]),
    (req, res) => {
      res.json({ served: req.path });
    },
  );
  served.use(errorHandler(createLogger('silent')));
  return served;
}

let server: Server;
let url: string;

beforeAll(async () => {
  server = app().listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/base`;
});

afterAll(async () => {
  server.close();
  await once(server, 'close');
});

async function status(role: string, method: string, path: string): Promise<number> {
  return (await fetch(`${url}${path}`, { method, headers: { role } })).status;
}

it.each([
  ['GET', '/things', 200, 200],
  ['HEAD', '/things', 200, 200],
  // As Express itself matches.
  ['GET', '/THINGS/', 200, 200],
  ['GET', '/things/1', 200, 200],
  ['GET', '/things/..%2f..%2fthings', 200, 200],
  ['POST', '/things/1', 403, 200],
  ['POST', '/Things/1/', 403, 200],
  ['POST', '/things/1?role=admin', 403, 200],
  // Not in the table: not there, for anybody.
  ['POST', '/things', 404, 404],
  ['PUT', '/things/1', 404, 404],
  ['OPTIONS', '/things', 404, 404],
  ['GET', '/things/1/more', 404, 404],
  ['GET', '//things', 404, 404],
  ['GET', '/', 404, 404],
  ['GET', '/constructor', 404, 404],
])('%s %s: a viewer gets %s, an admin %s', async (method, path, viewer, admin) => {
  expect(await status('viewer', method, path)).toBe(viewer);
  expect(await status('admin', method, path)).toBe(admin);
});

it.each(['', 'Admin', 'constructor', 'tenant'])(
  'an operator of a role that does not exist (%s) may nothing',
  async (role) => {
    expect(await status(role, 'GET', '/things')).toBe(403);
  },
);
