import { checkFragment } from '@hyperdx-tenancy/domain/collector';
import type { ParsedFragment } from '@hyperdx-tenancy/domain/collector';
import { MAX_FRAGMENT_CHARACTERS } from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import { LineCounter, parseDocument } from 'yaml';

/** Enough for one setting stated once and used in a few places; far from what aliases of aliases grow to. */
const MAX_ALIASES = 50;

function refusal(what: string, cause?: unknown): TenancyError {
  return new TenancyError('invalid_request', `fragment: ${what}.`, { cause });
}

/** The data of a YAML text. Keys stated twice and values of other types are refused: what it says is what its reader sees. */
function readYaml(text: string): unknown {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
    schema: 'core',
  });
  const fault = [...document.errors, ...document.warnings][0];
  if (fault) {
    const { line } = lines.linePos(fault.pos[0]);
    throw refusal(`line ${line} is not YAML that can be used: ${fault.code}`);
  }
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (cause) {
    throw refusal('its aliases grow too large, or name nothing', cause);
  }
}

/**
 * Reads and checks what an operator adds to a group's configs.
 * @param text YAML of one document, at most 64 Ki characters.
 * @param kind of the configs that it is for.
 * @throws TenancyError `invalid_request` that names the place.
 */
export function parseFragment(text: string, kind: 'shared' | 'dedicated'): ParsedFragment {
  if (text.length > MAX_FRAGMENT_CHARACTERS) {
    throw refusal(`must have at most ${MAX_FRAGMENT_CHARACTERS} characters`);
  }
  return checkFragment(readYaml(text), kind);
}
