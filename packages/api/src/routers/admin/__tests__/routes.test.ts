import { listAdminRoutes } from '@hyperdx-tenancy/domain/contracts/routes';
import express from 'express';

import adminRouter from '..';
import type { Context } from '../../../controllers/context';
import { createLogger } from '../../../utils/logger';

/** What of Express's router is of interest here. */
interface Layer {
  route?: { path: string; methods: Record<string, boolean> };
  handle: { stack?: Layer[] };
}

/** Where each router was mounted; Express itself keeps only a compiled form of it. */
const mountedAt = new Map<unknown, string>();

/** All that a router serves, as `method path`. */
function served(router: { stack?: Layer[] }, base = ''): string[] {
  return (router.stack ?? []).flatMap(({ route, handle }) => {
    if (route) {
      const path = `${base}${route.path}`.replace(/(.)\/$/, '$1');
      return Object.keys(route.methods).map((method) => `${method} ${path}`);
    }
    return handle.stack ? served(handle, `${base}${mountedAt.get(handle) ?? ''}`) : [];
  });
}

function servedByAdminRouter(): string[] {
  const prototype = express.Router.prototype as { use: (...args: unknown[]) => unknown };
  const { use } = prototype;
  const spy = jest.spyOn(prototype, 'use').mockImplementation(function (this: unknown, ...args) {
    const [path, ...handlers] = typeof args[0] === 'string' ? args : ['', ...args];
    for (const handler of handlers) mountedAt.set(handler, path as string);
    return use.apply(this, args);
  });
  try {
    // Nothing is called: it is only looked at.
    const options = {
      config: {
        adminToken: undefined,
        collectorToken: undefined,
        frontendUrl: 'http://localhost:8080',
        secret: '',
        collectorMemoryLimitMiB: 1_500,
        collectorStorageDirectory: undefined,
      },
      context: { log: createLogger('silent') } as Context,
      isServing: () => true,
      sessions: [],
    };
    return served(adminRouter(options) as unknown as { stack: Layer[] });
  } finally {
    spy.mockRestore();
  }
}

it('the table of routes and what Express serves are the same, both ways', () => {
  const stated = listAdminRoutes().map(({ method, path }) => `${method} ${path}`);
  const found = servedByAdminRouter();
  expect(found.length).toBeGreaterThan(0);
  expect(found.sort()).toEqual(stated.sort());
});
