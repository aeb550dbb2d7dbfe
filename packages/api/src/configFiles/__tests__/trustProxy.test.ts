import express from 'express';

import { trustProxy } from '../trustProxy';

describe('TENANCY_TRUST_PROXY', () => {
  it.each([
    ['1', 1],
    ['10', 10],
    ['loopback', ['loopback']],
    ['loopback, 10.0.0.0/8', ['loopback', '10.0.0.0/8']],
    ['192.0.2.1', ['192.0.2.1']],
    ['2001:db8::/32,::1', ['2001:db8::/32', '::1']],
  ])('takes %s, in a form that Express takes', (text, value) => {
    const parsed = trustProxy.parse(text);
    expect(parsed).toEqual(value);
    expect(() => express().set('trust proxy', parsed)).not.toThrow();
  });

  it.each([
    'true',
    'false',
    '0',
    '11',
    '-1',
    '1.5',
    '0.0.0.0/0',
    '::/0',
    '10.0.0.0/33',
    '10.0.0.0/8/8',
    '10.0.0.0/',
    'localhost',
    'loopback,',
    'proxy.example',
    '300.1.1.1',
  ])('refuses %s', (text) => {
    expect(trustProxy.safeParse(text).success).toBe(false);
  });
});
