import { mayActAs } from '../operator';
import { listAdminRoutes } from '../routes';
import type { NamedAdminRoute } from '../routes';

const routes = listAdminRoutes();

/** True where one path can fit both patterns. */
function overlap(a: NamedAdminRoute, b: NamedAdminRoute): boolean {
  const [left, right] = [a.path.split('/'), b.path.split('/')];
  return (
    left.length === right.length &&
    left.every((part, i) => part === right[i] || part.startsWith(':') || right[i]!.startsWith(':'))
  );
}

describe('the table of admin routes', () => {
  it('states each route once', () => {
    const stated = routes.map(({ method, path }) => `${method} ${path}`);
    expect(new Set(stated).size).toBe(stated.length);
  });

  it('leaves no path of which two entries ask different roles', () => {
    const unclear = routes.flatMap((a) =>
      routes
        .filter((b) => a !== b && a.method === b.method && a.role !== b.role && overlap(a, b))
        .map((b) => `${a.name} / ${b.name}`),
    );
    expect(unclear).toEqual([]);
  });

  it('lets no viewer change anything', () => {
    expect(routes.filter(({ changes, role }) => changes && role === 'viewer')).toEqual([]);
  });

  it.each(routes)('$name describes its parameters, and refuses those who may not call', (route) => {
    const named = [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => name);
    expect(Object.keys(route.params?.shape ?? {})).toEqual(named);
    for (const status of [401, 403, 429]) expect(route.responses).toHaveProperty(String(status));
    expect(Object.keys(route.responses).some((status) => status.startsWith('2'))).toBe(true);
  });
});

it('an admin may what a viewer may, not the other way round', () => {
  expect(mayActAs('admin', 'viewer')).toBe(true);
  expect(mayActAs('admin', 'admin')).toBe(true);
  expect(mayActAs('viewer', 'viewer')).toBe(true);
  expect(mayActAs('viewer', 'admin')).toBe(false);
});
