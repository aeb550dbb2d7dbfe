import { isKeyword, tokens } from '../lexer';
import { nameOf } from './tokenReader';

/** The DEFINER clause of a CREATE or ALTER: who it names, and the text with the engine's own user in that place. */
export interface Definer {
  user: string;
  replaced: string;
}

/**
 * Finds `DEFINER = <user>`; nothing where the statement has none or leaves it to who runs it.
 * @param canonical the engine's own writing, in which the clause stands before the query.
 */
export function definerOf(canonical: string): Definer | undefined {
  const list = [...tokens(canonical)];
  for (const [index, token] of list.entries()) {
    if (isKeyword(token, 'AS') && isKeyword(list[index + 1], 'SELECT', 'WITH')) return undefined;
    const [equals, name] = list.slice(index + 1, index + 3);
    const user = equals?.text === '=' ? nameOf(name) : undefined;
    if (!isKeyword(token, 'DEFINER') || user === undefined || !name) continue;
    if (isKeyword(name, 'CURRENT_USER')) return undefined;
    const replaced = `${canonical.slice(0, name.start)}CURRENT_USER${canonical.slice(name.end)}`;
    return { user, replaced };
  }
  return undefined;
}
