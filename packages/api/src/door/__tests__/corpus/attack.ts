import type { Entrance } from './entrances';
import type { Site } from './site';
import type { RawRequest } from './wire';

/** One way to what is not Acme's. */
export interface Attack {
  /** What is tried; distinct over all attacks. */
  mechanism: string;
  /** Requests of Acme's by one entrance; none where it cannot be tried there. */
  sends(at: Entrance, site: Site): readonly RawRequest[];
  /** It must be refused, even if nothing is to be seen in its answer. @default nothing of others is in the answer */
  refused?: true;
  /** The proof that it would work, were it not for the service. */
  control: Control;
}

/** What is wrong with the proof; `undefined` where it succeeds. */
export type Control = (site: Site) => Promise<string | undefined>;

/** An attack that learns from the difference of two answers: about what is there, and about what is not. */
export interface Oracle {
  mechanism: string;
  /** @param id of Globex, or of nobody. */
  sends(at: Entrance, id: string, site: Site): RawRequest;
  control: Control;
}
