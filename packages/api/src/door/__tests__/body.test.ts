import { PassThrough } from 'node:stream';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { gzipSync } from 'node:zlib';

import { parseTenantId } from '@hyperdx-tenancy/domain/ids';

import { Bodies } from '../body';

const a = parseTenantId('65f0c0ffee0000000000aaaa');
const b = parseTenantId('65f0c0ffee0000000000bbbb');
const chunked = { 'transfer-encoding': 'chunked' };

/** A request whose body comes as it is written. */
function coming(headers: IncomingHttpHeaders = chunked): PassThrough & IncomingMessage {
  return Object.assign(new PassThrough(), { headers }) as unknown as PassThrough & IncomingMessage;
}

function whole(text: string | Buffer, headers?: IncomingHttpHeaders): IncomingMessage {
  const req = coming(headers);
  req.end(text);
  return req;
}

describe('bodies held at once', () => {
  it('by one tenant leave room for those of others', async () => {
    const bodies = new Bodies({ max: 100, maxEach: 60 });
    const first = await bodies.read(whole('x'.repeat(50)), 80, a);
    await expect(bodies.read(whole('x'.repeat(20)), 80, a)).rejects.toMatchObject({
      code: 'overloaded',
    });
    expect((await bodies.read(whole('x'.repeat(50)), 80, b)).body).toHaveLength(50);
    await expect(bodies.read(whole('x'), 80, b)).rejects.toMatchObject({ code: 'overloaded' });
    first.release();
    first.release();
    expect((await bodies.read(whole('x'.repeat(20)), 80, a)).body).toHaveLength(20);
    await expect(bodies.read(whole('x'.repeat(41)), 80, a)).rejects.toMatchObject({
      code: 'overloaded',
    });
  });

  it('are those that have come: who is slow takes no room', async () => {
    const bodies = new Bodies({ max: 100, maxEach: 100 });
    const slow = coming();
    const reading = bodies.read(slow, 80, a);
    slow.write('x');
    expect((await bodies.read(whole('x'.repeat(80)), 80, b)).body).toHaveLength(80);
    slow.end();
    expect((await reading).body.toString()).toBe('x');
  });

  it('count by what they are unpacked, and not at all once they have failed', async () => {
    const bodies = new Bodies({ max: 100, maxEach: 100 });
    const headers = { ...chunked, 'content-encoding': 'gzip' };
    await expect(bodies.read(whole('no gzip', headers), 50, a)).rejects.toMatchObject({
      code: 'invalid_request',
    });
    const packed = gzipSync('x'.repeat(50));
    await expect(bodies.read(whole(packed, headers), 40, a)).rejects.toMatchObject({
      code: 'payload_too_large',
    });
    const held = await bodies.read(whole(packed, headers), 50, a);
    expect(held.body).toHaveLength(50);
    await expect(bodies.read(whole('x'.repeat(51)), 80, b)).rejects.toMatchObject({
      code: 'overloaded',
    });
    expect((await bodies.read(whole('x'.repeat(50)), 80, b)).body).toHaveLength(50);
  });
});
