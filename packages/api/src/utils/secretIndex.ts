/** What stands in a secret's place. */
const TAKEN_OUT = '***';

/** So many characters of a secret find it; ingestion keys have no fewer. */
const HEAD = 8;

/** Marks of the first characters of secrets: most places of a text are passed over by one look at it. */
const MARKS = 1 << 16;

function markAt(text: string, at: number): number {
  let mark = 0;
  for (let i = at; i < at + 4; i += 1) mark = Math.imul(mark ^ text.charCodeAt(i), 0x01000193);
  return (mark ^ (mark >>> 16)) & (MARKS - 1);
}

/**
 * Many secrets, to be found in texts: the time that takes grows with the text, not with the number of secrets.
 */
export class SecretIndex {
  private readonly all = new Set<string>();
  private readonly marks = new Uint8Array(MARKS);
  /** How long those are that begin alike, the longest first: one secret may be the beginning of another. */
  private readonly lengths = new Map<string, number[]>();
  /** Those with fewer characters than a head. */
  private readonly short: string[] = [];

  constructor(secrets: Iterable<string>) {
    for (const secret of secrets) this.add(secret);
  }

  /** Costs the same, however many there are. */
  add(secret: string): void {
    if (secret === '' || this.all.has(secret)) return;
    this.all.add(secret);
    const { length } = secret;
    if (length < HEAD) {
      this.short.push(secret);
      this.short.sort((a, b) => b.length - a.length);
      return;
    }
    this.marks[markAt(secret, 0)] = 1;
    const head = secret.slice(0, HEAD);
    const lengths = this.lengths.get(head);
    if (!lengths) this.lengths.set(head, [length]);
    else if (!lengths.includes(length)) {
      lengths.push(length);
      lengths.sort((a, b) => b - a);
    }
  }

  /** Whether a text is one of the secrets. */
  has(text: string): boolean {
    return text !== '' && this.all.has(text);
  }

  /** The text with every secret taken out, wherever it stands. */
  redact(text: string): string {
    const parts: string[] = [];
    let from = 0;
    for (let at = 0; at + HEAD <= text.length; at += 1) {
      if (this.marks[markAt(text, at)] === 0) continue;
      const length = this.lengthAt(text, at);
      if (length === undefined) continue;
      parts.push(text.slice(from, at), TAKEN_OUT);
      from = at + length;
      at = from - 1;
    }
    parts.push(text.slice(from));
    return this.short.reduce((rest, secret) => rest.replaceAll(secret, TAKEN_OUT), parts.join(''));
  }

  private lengthAt(text: string, at: number): number | undefined {
    return this.lengths
      .get(text.slice(at, at + HEAD))
      ?.find((length) => this.all.has(text.slice(at, at + length)));
  }
}
