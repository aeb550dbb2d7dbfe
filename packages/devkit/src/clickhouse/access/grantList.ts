import { notImplemented } from '../errors';
import { privileges, type Grant, type Privilege } from './state';

/** Whether a grant on `outer` takes in what `inner` names. */
function covers(outer: Grant, inner: Grant): boolean {
  return (
    outer.privilege === inner.privilege &&
    outer.database === inner.database &&
    (outer.table === undefined || outer.table === inner.table)
  );
}

/** Without what a wider grant of the list says already. */
export function addGrants(held: readonly Grant[], added: readonly Grant[]): Grant[] {
  return added.reduce<Grant[]>(
    (list, grant) =>
      list.some((one) => covers(one, grant))
        ? list
        : [...list.filter((one) => !covers(grant, one)), grant],
    [...held],
  );
}

/**
 * What is left; taking what was not there changes nothing.
 * @throws ServerError 48 for a table out of a grant on its database, which would leave a partial revoke.
 */
export function removeGrants(held: readonly Grant[], removed: readonly Grant[]): Grant[] {
  const left = held.filter((one) => !removed.some((grant) => covers(grant, one)));
  if (removed.some((grant) => left.some((one) => covers(one, grant)))) {
    throw notImplemented('Revoking from one table what is granted on its database');
  }
  return left;
}

export function holds(
  held: readonly Grant[],
  privilege: Privilege,
  database: string,
  table: string,
): boolean {
  return held.some((one) => covers(one, { privilege, database, table }));
}

/** By database, then table, then privilege: the order in which a server shows them. */
export function sortedGrants(held: readonly Grant[]): Grant[] {
  const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  return held.toSorted(
    (a, b) =>
      compare(a.database, b.database) ||
      compare(a.table ?? '', b.table ?? '') ||
      privileges.indexOf(a.privilege) - privileges.indexOf(b.privilege),
  );
}

/** A name as a server writes it: quoted where it is no plain word. */
export const written = (name: string): string =>
  /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)
    ? name
    : `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;

/** One statement for each place, as `SHOW GRANTS` lists them. */
export function grantStatements(user: string, held: readonly Grant[]): string[] {
  const byPlace = new Map<string, Privilege[]>();
  for (const { privilege, database, table } of sortedGrants(held)) {
    const place = `${written(database)}.${table === undefined ? '*' : written(table)}`;
    byPlace.set(place, [...(byPlace.get(place) ?? []), privilege]);
  }
  return [...byPlace].map(
    ([place, list]) => `GRANT ${list.join(', ')} ON ${place} TO ${written(user)}`,
  );
}
