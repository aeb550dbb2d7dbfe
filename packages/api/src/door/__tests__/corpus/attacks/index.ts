import type { Attack } from '../attack';
import type { Site } from '../site';
import { bodies } from './bodies';
import { surroundings } from './files';
import { headers } from './headers';
import { parameters } from './parameters';
import { paths } from './paths';
import { smuggled } from './smuggled';
import { statements } from './statements';
import { values } from './values';

/** Every way to what is not Acme's. */
export const attacksOn = (site: Site): readonly Attack[] => [
  ...bodies,
  ...parameters,
  ...values,
  ...headers,
  ...paths,
  ...smuggled,
  ...surroundings(site),
  // Last: what their controls do with an administrator's rights, nothing else has to survive.
  ...statements(site),
];
