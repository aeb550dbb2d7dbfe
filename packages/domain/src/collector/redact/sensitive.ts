/** What stands where a secret was. */
export const REDACTED = '[redacted]';

/** Says of a text whether it is a secret that the platform knows: a key, a token, a password. */
export type IsSecret = (text: string) => boolean;

const SENSITIVE =
  /password|passwd|passphrase|secret|token|apikey|accesskey|privatekey|authorization|credential|cookie|connectionstring|dsn/;

/** Values of these names are secret, and of no name that only contains them. */
const SENSITIVE_WHOLE: ReadonlySet<string> = new Set(['key', 'headers', 'pem', 'keypem', 'auth']);

/**
 * Whether a setting of this name holds secrets. A component's id is no setting's name, whatever it contains; a file's path
 * is no secret.
 */
export function isSensitiveName(name: string): boolean {
  if (name.includes('/') || name.length > 128) return false;
  const plain = name.toLowerCase().replace(/[^a-z0-9]/g, '');
  if (plain === 'bearertokenauth' || /(?:file|files|filename|path)$/.test(plain)) return false;
  return SENSITIVE_WHOLE.has(plain) || SENSITIVE.test(plain);
}

/**
 * Takes out of one line, or one value, what tells itself to be secret: logins in addresses, what follows `Bearer` or
 * `Basic`, what a condition compares with an `authorization` header, and every whole word that `isSecret` knows, also as a
 * config writes it (`$` doubled). Takes time in proportion to the text.
 */
export function redactText(text: string, isSecret: IsSecret): string {
  let clean = withoutLogins(text);
  clean = clean.replace(/\b(Bearer|Basic) +[A-Za-z0-9._~+/=$-]+/gi, `$1 ${REDACTED}`);
  if (/authorization/i.test(clean)) {
    clean = clean.replace(/([=!]= ?\\?["'])[^"'\\]*/g, `$1${REDACTED}`);
  }
  return clean.replace(WORD, (word) => redactWord(word, isSecret));
}

/** All that a key may be made of, and the end of what is written in base 64. */
const WORD = /[A-Za-z0-9._~+/$-]+={0,2}/g;

function redactWord(word: string, isSecret: IsSecret): string {
  const plain = word.replace(/=+$/, '');
  if ([word, plain, plain.replace(/\.$/, '')].some((form) => isSecretAsWritten(form, isSecret))) {
    return REDACTED;
  }
  if (!word.includes('/')) return word;
  // A path with a token in it.
  return word
    .split('/')
    .map((part) => (isSecretAsWritten(part, isSecret) ? REDACTED : part))
    .join('/');
}

function isSecretAsWritten(word: string, isSecret: IsSecret): boolean {
  return isSecret(word) || (word.includes('$$') && isSecret(word.replaceAll('$$', '$')));
}

/** `scheme://user:password@host` without what stands before the `@`; passwords may have slashes and `@` in them. */
function withoutLogins(text: string): string {
  let clean = '';
  let from = 0;
  for (let at = text.indexOf('://'); at >= 0; at = text.indexOf('://', from)) {
    const start = at + 3;
    END_OF_ADDRESS.lastIndex = start;
    const end = END_OF_ADDRESS.exec(text)?.index ?? text.length;
    const login = text.slice(start, end).lastIndexOf('@');
    clean += text.slice(from, start) + (login >= 0 ? REDACTED : '');
    from = login >= 0 ? start + login : start;
    clean += text.slice(from, end);
    from = end;
  }
  return clean + text.slice(from);
}

const END_OF_ADDRESS = /[\s"'<>]/g;
