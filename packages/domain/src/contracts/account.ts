import { z } from 'zod';

/** An email address as it is stored and compared: HyperDX keeps addresses in lower case. */
export const EmailAddress = z
  .string()
  .trim()
  .toLowerCase()
  .max(254, 'must have at most 254 characters')
  .pipe(z.email('must be an email address'));

/** HyperDX 2.36: 12 to 72 characters of every kind. */
export const NewPassword = z
  .string()
  .min(12, 'must have at least 12 characters')
  .max(72, 'must have at most 72 characters')
  .regex(/[a-z]/, 'must have a lower-case letter')
  .regex(/[A-Z]/, 'must have an upper-case letter')
  .regex(/\d/, 'must have a digit')
  .regex(/[!-/:-@[-`{-~]/, 'must have a special character, such as ! or #');

/** What is wrong with a new password, in words for who chose it; `undefined`: nothing. */
export function passwordFault(password: unknown): string | undefined {
  const parsed = NewPassword.safeParse(password);
  if (parsed.success) return undefined;
  return `Password ${parsed.error.issues.map(({ message }) => message).join(', ')}`;
}

/** Body of `POST /register/password`. */
export const Registration = z
  .object({ email: EmailAddress, password: NewPassword, confirmPassword: z.string() })
  .refine(({ password, confirmPassword }) => password === confirmPassword, {
    path: ['confirmPassword'],
    message: 'is not the same as password',
  });
export type Registration = z.infer<typeof Registration>;

/** Longer than any password that HyperDX takes: what a longer text costs to hash is nobody's to choose. */
const MAX_SECRET = 1_024;

/** Body of `POST /login/password`, as a form or as JSON. */
export const Login = z.object({
  email: z.string().trim().toLowerCase().min(1).max(254),
  password: z.string().min(1).max(MAX_SECRET),
});

/** Body of `POST /team/setup/:token`. */
export const Setup = z.object({ password: z.string().max(MAX_SECRET) });

/** The name of a person or a thing, as HyperDX takes it. */
const GivenName = z.string().max(254, 'must have at most 254 characters');

/** Body of `POST /team/invitation`. */
export const Invitation = z.object({ email: EmailAddress, name: GivenName.optional() });
export type Invitation = z.infer<typeof Invitation>;
