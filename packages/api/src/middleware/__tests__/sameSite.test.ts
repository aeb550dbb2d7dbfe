import type { Request, Response } from 'express';

import { sameSite } from '../sameSite';

const gate = sameSite({ frontendUrl: 'https://ui.example/hyperdx' });

/** @returns whether a request with these headers is let through. */
function passes(headers: Record<string, string>, method = 'POST'): boolean {
  const req = {
    method,
    protocol: 'http',
    host: 'api.example:8000',
    headers,
  } as unknown as Request;
  let passed = false;
  try {
    void gate(req, {} as unknown as Response, () => {
      passed = true;
    });
  } catch (error) {
    expect(error).toMatchObject({ code: 'forbidden' });
  }
  return passed;
}

it.each([
  ["the UI's page", { origin: 'https://ui.example' }],
  ['a page that this server serves', { origin: 'http://api.example:8000' }],
  [
    'a page behind a proxy that hides the Origin',
    { origin: 'null', 'sec-fetch-site': 'same-origin' },
  ],
  ['a person', { 'sec-fetch-site': 'none' }],
  ['a program', {}],
])('%s may change something', (_who, headers) => {
  expect(passes(headers)).toBe(true);
});

it.each([
  ['another site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
  ['another site, from a browser without Sec-Fetch-Site', { origin: 'https://evil.example' }],
  ['another port', { origin: 'https://ui.example:444' }],
  ['another scheme', { origin: 'http://ui.example' }],
  ['a host that begins like ours', { origin: 'https://ui.example.evil.example' }],
  ['a sandboxed frame', { origin: 'null' }],
  ['a request without an Origin from another site', { 'sec-fetch-site': 'cross-site' }],
  ['another host of our site', { 'sec-fetch-site': 'same-site' }],
])('%s may not, and may read', (_who, headers) => {
  expect(passes(headers)).toBe(false);
  expect(passes(headers, 'DELETE')).toBe(false);
  expect(passes(headers, 'GET')).toBe(true);
});
