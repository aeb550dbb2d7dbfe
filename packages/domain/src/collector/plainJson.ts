import type { TenancyError } from '../errors';
import type { Json } from './config';

/** Bounds of what operators write: aliases make a long document of a short YAML text. */
const MAX_DEPTH = 24;
const MAX_VALUES = 10_000;
const MAX_CHARACTERS = 256 * 1024;

/** YAML reads no longer key without a mark in front of it. */
const MAX_KEY = 256;
/** Of the text that says where something is. */
const MAX_PLACE = 500;

/** The refusal of a document; `at` is the place in it, `''` of the whole. */
export type Refusal = (at: string, what: string) => TenancyError;

/**
 * A parsed document as JSON, bounded, with nothing in it that would make the collector refuse the config around it, or read
 * it otherwise than it is written.
 * @param checkText throws for a text that is not to be in it.
 */
export function plainJson(
  document: unknown,
  refusal: Refusal,
  checkText: (text: string, at: string) => void = () => undefined,
): Json {
  let values = 0;
  let characters = 0;

  const count = (text: string, at: string): void => {
    characters += text.length;
    if (characters > MAX_CHARACTERS) {
      throw refusal('', `is larger than ${MAX_CHARACTERS} characters`);
    }
    // JSON writes half a surrogate pair as an escape, which the collector's YAML refuses.
    if (HALF_A_PAIR.test(text)) throw refusal(at, 'is not Unicode');
  };
  const checkKey = (key: string, at: string): void => {
    if (key.length > MAX_KEY) throw refusal(at, `has a key of more than ${MAX_KEY} characters`);
    count(key, at);
    // The collector takes keys apart at `::`, and YAML merges mappings at `<<`.
    if (key.includes('::') || key === '<<' || key === '__proto__') {
      throw refusal(at, `has the key "${key}"`);
    }
  };
  const read = (value: unknown, at: string, depth: number): Json => {
    values += 1;
    if (values > MAX_VALUES) throw refusal('', `has more than ${MAX_VALUES} values`);
    if (depth > MAX_DEPTH) throw refusal('', `is nested deeper than ${MAX_DEPTH} levels`);
    if (value === null || typeof value === 'boolean') return value;
    if (typeof value === 'string') {
      count(value, at);
      checkText(value, at);
      return value;
    }
    if (typeof value === 'number') {
      if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) {
        throw refusal(at, 'is a number that JSON cannot say; quote it');
      }
      return value;
    }
    if (Array.isArray(value)) {
      return value.map((item: unknown, index) => read(item, `${at}[${index}]`, depth + 1));
    }
    if (!isMapping(value)) throw refusal(at, 'is neither text, number, boolean, list nor mapping');
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => {
        checkKey(key, at);
        const place = at === '' ? key : `${at}.${key}`;
        return [key, read(item, place.slice(0, MAX_PLACE), depth + 1)];
      }),
    );
  };
  return read(document, '', 0);
}

/** True for a list, whose type TypeScript's own check does not tell from a read-only one. */
export function isJsonList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

const HALF_A_PAIR = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

function isMapping(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // Not by identity: an object of another realm has another `Object.prototype`.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
