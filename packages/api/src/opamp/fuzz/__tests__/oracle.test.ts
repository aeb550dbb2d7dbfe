import { TenancyError } from '@hyperdx-tenancy/domain/errors';

import { encodeErrorResponse, encodeServerMessage } from '../../proto/codec';
import { FuzzFleet } from '../fuzzFleet';
import type { FuzzShard } from '../fuzzFleet';
import { mutations } from '../mutations';
import { judgeAnswer, judgeError, Violation, watchPrototypes } from '../oracle';
import { Random } from '../random';
import { Speaker } from '../shapes';

describe('the judge', () => {
  const [ours, theirs] = new FuzzFleet().shards as [FuzzShard, FuzzShard];
  const reply = encodeServerMessage({ instanceUid: 'ab'.repeat(16) });
  const withConfig = ({ offers }: FuzzShard): Buffer => Buffer.concat([reply, offers[0].wire]);

  it("finds another shard's config, a changed one, and a secret in an error", () => {
    expect(judgeAnswer(ours, withConfig(ours))).toBe('offered');
    expect(() => judgeAnswer(ours, withConfig(theirs))).toThrow(Violation);
    const changed = Buffer.from(
      withConfig(ours).toString('latin1').replace(ours.secret, theirs.secret),
      'latin1',
    );
    expect(() => judgeAnswer(ours, changed)).toThrow(Violation);
    const leak = encodeErrorResponse({ type: 'BadRequest', message: ours.secret });
    expect(() => judgeAnswer(ours, Buffer.from(leak))).toThrow(Violation);
  });

  it('finds what is no answer', () => {
    expect(judgeAnswer(ours, Buffer.from(reply))).toBe('answered');
    expect(() => judgeAnswer(ours, Buffer.from('hello'))).toThrow(Violation);
    expect(() => judgeAnswer(ours, Buffer.alloc(0))).toThrow(Violation);
  });

  it('tells a refusal from a crash', () => {
    expect(judgeError(new TenancyError('invalid_opamp_message', 'no'))).toBe('refused');
    expect(() => judgeError(new TenancyError('internal', 'no'))).toThrow(Violation);
    expect(() => judgeError(new TypeError('undefined is no function'))).toThrow(Violation);
  });

  it('finds a prototype that was changed', () => {
    const check = watchPrototypes();
    check();
    Object.defineProperty(Object.prototype, 'polluted', { value: 1, configurable: true });
    try {
      expect(check).toThrow(Violation);
    } finally {
      delete (Object.prototype as { polluted?: unknown }).polluted;
    }
    check();
  });
});

it('makes the same cases of the same seed', () => {
  const cases = (seed: number): string[] => {
    const random = new Random(seed);
    const speaker = new Speaker(random.bytes(16), 'secret');
    return Object.values(mutations).map((mutate) =>
      mutate(speaker.start(), random).toString('hex'),
    );
  };
  expect(cases(1)).toEqual(cases(1));
  expect(cases(1)).not.toEqual(cases(2));
});
