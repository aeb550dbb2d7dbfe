import type { TenancyError } from '@hyperdx-tenancy/domain/errors';
import { Router } from 'express';
import type { Request, Response } from 'express';
import fc from 'fast-check';

import { findHyperdxRoute, hyperdxRoutes } from '../../utils/hyperdxRoutes';
import { readTarget } from '../path';

/** The table of routes as an Express application would mount it, as HyperDX does. */
const express = Router();
const mounted = hyperdxRoutes.toSorted((a, b) => b.pattern.length - a.pattern.length);
for (const { pattern } of mounted) {
  const found = (_req: Request, res: Response): void => void (res.locals['pattern'] = pattern);
  if (pattern.endsWith('/*')) express.use(pattern.slice(0, -2), found);
  else express.all(pattern, found);
}

function matchedByExpress(url: string): string | undefined {
  const res = { locals: {} as { pattern?: string } };
  const req = { url, originalUrl: url, method: 'GET', headers: {} };
  express(req as unknown as Request, res as unknown as Response, () => undefined);
  return res.locals.pattern;
}

/** The route that we judge by; a text where the path is refused. */
function judged(url: string): string | undefined {
  try {
    return findHyperdxRoute(readTarget(url).key)?.pattern;
  } catch (error) {
    return (error as TenancyError).code;
  }
}

describe('readTarget', () => {
  it.each([
    ['/alerts', { path: '/alerts', key: '/alerts', query: '' }],
    ['/Alerts/?a=/..//%2e', { path: '/Alerts', key: '/alerts', query: '?a=/..//%2e' }],
    ['/', { path: '/', key: '/', query: '' }],
    ['/?x', { path: '/', key: '/', query: '?x' }],
    ['/v1/prometheus/label/a%3Ab%20%C3%A4/values', { query: '' }],
    ['/dashboards/preset/it%27s!/filters', { path: '/dashboards/preset/it%27s!/filters' }],
    ['/alerts/...', { path: '/alerts/...' }],
  ])('takes %s', (url, expected) => {
    expect(readTarget(url)).toMatchObject(expected);
  });

  it.each([
    ['dots', '/alerts/../sources'],
    ['dots at the end', '/alerts/..'],
    ['one dot', '/./sources'],
    ['encoded dots', '/alerts/%2e%2e/sources'],
    ['half encoded dots', '/alerts/.%2E/sources'],
    ['an encoded slash', '/alerts%2Fsources'],
    ['an encoded backslash', '/alerts/%5c..%5csources'],
    ['a backslash', '/alerts\\..\\sources'],
    ['double encoding', '/alerts/%252e%252e/sources'],
    ['an encoded percent sign', '/alerts/%25'],
    ['NUL', '/alerts/%00'],
    ['an encoded line end', '/alerts/%0d%0ax'],
    ['an encoded DEL', '/alerts/%7f'],
    ['a control character of two bytes', '/alerts/%C2%85'],
    ['an empty segment', '//sources'],
    ['an empty segment inside', '/alerts//x'],
    ['two slashes at the end', '/alerts//'],
    ['an encoded letter', '/%73ources'],
    ['an encoded digit', '/api/v%32/sources'],
    ['an encoded hyphen', '/saved%2Dsearch'],
    ['a semicolon', '/alerts;x=/sources'],
    ['an encoded semicolon', '/alerts%3Bx'],
    ['a broken escape', '/alerts/%zz'],
    ['a short escape', '/alerts/%2'],
    ['no UTF-8', '/alerts/%ff'],
    ['overlong UTF-8', '/alerts/%c0%af'],
    ['a raw byte', '/\u017fources'],
    ['a raw blank', '/sources\u00a0'],
    ['a fragment', '/alerts#/sources'],
    ['a fragment in the query', '/alerts?x#/sources'],
    ['a URL', 'http://other/sources'],
    ['an asterisk', '*'],
    ['nothing', ''],
    ['a query alone', '?x'],
  ])('refuses %s', (_what, url) => {
    expect(judged(url)).toBe('ambiguous_path');
  });

  it.each(hyperdxRoutes.map(({ pattern }) => pattern))('finds %s as Express does', (pattern) => {
    const path = pattern.replace('/*', '');
    for (const url of [
      path,
      `${path}/`,
      path.toUpperCase(),
      `${path}/x/Y`,
      `${path}x`,
      `${path}?q`,
    ]) {
      expect(judged(url)).toBe(matchedByExpress(url));
    }
    expect(judged(path)).toBe(pattern);
  });

  it('matches whatever it takes as Express does', () => {
    const words = hyperdxRoutes.flatMap(({ pattern }) => pattern.split('/'));
    const odd = ['..', '.', '', '%2e', '%2F', '%5c', '\\', '%00', '%25', ';', ':', '@', '#', '%41'];
    const piece = fc.oneof(
      fc.constantFrom(...words),
      fc.constantFrom(...words).map((text) => text.toUpperCase()),
      fc.constantFrom(...odd),
      fc.string({ maxLength: 3 }),
    );
    const path = fc.array(fc.tuple(piece, fc.constantFrom('/', '', '//', '/', '?')), {
      maxLength: 6,
    });
    fc.assert(
      fc.property(path, (parts) => {
        const url = `/${parts.flat().join('')}`;
        const ours = judged(url);
        if (ours !== 'ambiguous_path') expect(ours).toBe(matchedByExpress(url));
      }),
      { numRuns: 5_000 },
    );
  });
});
