import { MemoryFleet } from '../../fuzz/memoryFleet';
import { Admission } from '../admission';

const coded = (code: string): Error => expect.objectContaining({ code }) as Error;

it('lets in by token, tells revoked ones from those that never were', () => {
  const fleet = new MemoryFleet();
  const admission = new Admission(fleet);
  const admitted = fleet.addToken('good', 'shared:default');
  fleet.addToken('old', 'shared:default');
  fleet.revoke('old');
  expect(admission.admit({ token: 'good', key: undefined })).toBe(admitted);
  expect(() => admission.admit({ token: 'old', key: undefined })).toThrow(coded('token_revoked'));
  expect(() => admission.admit({ token: 'never', key: undefined })).toThrow(coded('unauthorized'));
  expect(() => admission.admit({ token: undefined, key: undefined })).toThrow(
    coded('unauthorized'),
  );
});

it('takes a collector token for none where it stands without its scheme', () => {
  const fleet = new MemoryFleet();
  fleet.addToken('good', 'shared:default');
  const admission = new Admission(fleet);
  expect(() => admission.admit({ token: undefined, key: 'good' })).toThrow(coded('unauthorized'));
});

it('gives a pass that ends with its token, or with its key, and is one for all who have it', () => {
  const fleet = new MemoryFleet();
  fleet.addToken('good', 'shared:default');
  fleet.addKey('key', 'dedicated:team');
  const admission = new Admission(fleet);
  const byToken = admission.pass({ token: 'good', key: undefined });
  const inPlaceOfToken = admission.pass({ token: 'key', key: undefined });
  const byKey = admission.pass({ token: undefined, key: 'key' });
  expect(byKey.id).toBe(inPlaceOfToken.id);
  expect(byToken.id).not.toContain('good');
  expect([byToken, inPlaceOfToken, byKey].map((pass) => pass.isGood())).toEqual([true, true, true]);
  // The same token for something else is not what was let in.
  fleet.addToken('good', 'dedicated:other');
  expect(byToken.isGood()).toBe(false);
  fleet.addToken('good', 'shared:default');
  expect(byToken.isGood()).toBe(true);
  fleet.revoke('good');
  expect(byToken.isGood()).toBe(false);
  expect(byKey.isGood()).toBe(true);
});
