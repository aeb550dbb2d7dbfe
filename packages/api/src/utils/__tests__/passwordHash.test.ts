import { Schema, model } from 'mongoose';
import type { Document } from 'mongoose';
import passportLocalMongoose from 'passport-local-mongoose';

import { hashPassword, isPassword } from '../passwordHash';

/** What the plugin adds to a document, as far as it is used here. */
interface Plugged extends Document {
  hash?: string;
  salt?: string;
  setPassword(password: string): Promise<Plugged>;
  authenticate(password: string): Promise<{ user: Plugged | false }>;
}

const schema = new Schema<Plugged>({});
// HyperDX 2.36 sets the name of a field, and nothing about the hash.
const plugin = passportLocalMongoose as unknown as (schema: Schema, options: object) => void;
schema.plugin(plugin, { usernameField: 'email' });
const Account = model<Plugged>('PasswordHashTest', schema);

const PASSWORD = 'Correct-horse-7-battery!';

it('is what HyperDX stores: hexadecimal text of the known lengths, another salt each time', async () => {
  const [one, two] = await Promise.all([hashPassword(PASSWORD), hashPassword(PASSWORD)]);
  expect(one.salt).toMatch(/^[a-f0-9]{64}$/);
  expect(one.hash).toMatch(/^[a-f0-9]{1024}$/);
  expect(two.salt).not.toBe(one.salt);
});

it("a hash of ours opens HyperDX's door", async () => {
  const account = new Account(await hashPassword(PASSWORD));
  expect((await account.authenticate(PASSWORD)).user).toBe(account);
  expect((await account.authenticate(`${PASSWORD}?`)).user).toBe(false);
});

it('a hash of HyperDX opens ours', async () => {
  const { hash = '', salt = '' } = await new Account().setPassword(PASSWORD);
  await expect(isPassword(PASSWORD, { hash, salt })).resolves.toBe(true);
  await expect(isPassword(`${PASSWORD}?`, { hash, salt })).resolves.toBe(false);
});

it.each([
  ['nobody', undefined],
  ['nothing', {}],
  ['half of it', { salt: 'a'.repeat(64) }],
  ['empty texts', { hash: '', salt: '' }],
  ['a hash of another length', { hash: 'abcd', salt: 'a'.repeat(64) }],
])('no password is right for %s', async (_what, stored) => {
  await expect(isPassword('', stored)).resolves.toBe(false);
  await expect(isPassword(PASSWORD, stored)).resolves.toBe(false);
});
