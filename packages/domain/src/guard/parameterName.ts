import type { Refusal } from './verdict';
import { refuse } from './verdict';

const plain = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

/** What is wrong with the name of a query parameter, which is what follows `param_`; HyperDX's are `HYPERDX_PARAM_<hash>`. */
export function checkParameterName(name: string): Refusal | undefined {
  return plain.test(name)
    ? undefined
    : refuse('parameter', 'A query parameter has a plain name', name);
}
