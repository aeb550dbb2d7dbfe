import { hyperdxSettings, shapes } from '../../../clickhouse/__tests__/isolation/hyperdx';
import type { Shape } from '../../../clickhouse/__tests__/isolation/hyperdx';
import { multipartBody } from '../../multipart';
import { legitimate as written } from '../guard/legitimate';
import type { Said } from './entrances';
import type { Site } from './site';

/** A statement that must be answered, as its sender sends it. */
export interface Legitimate {
  name: string;
  said: Said;
  /** Where an answer without rows would prove nothing. */
  rows: RegExp;
}

/** HyperDX sends its values in the URL, and above 4,096 bytes in a form. */
const ofShape = (site: Site, { name, sql, values = {}, settings, rows = /(?:)/ }: Shape) => {
  const inUrl = Object.entries({
    query_id: '0f9d1a4e-1f63-4b7e-9a52-6f1d8b9c0a11',
    wait_end_of_query: '0',
    ...hyperdxSettings,
    ...settings,
  });
  const fields = Object.entries(values).map(
    ([key, value]) => [`param_${key}`, site.told(value)] as const,
  );
  const { body, contentType } = multipartBody([
    ['query', site.told(sql)],
    ...fields,
    ['param_long', 'x'.repeat(5_000)],
  ]);
  return [
    { name, said: { sql, query: [...inUrl, ...fields] }, rows },
    { name: `${name}, in a form`, said: { body, contentType, query: inUrl }, rows },
  ];
};

/** The target of this site is one server. */
const onCluster = (sql: string): boolean => sql.includes("cluster('");

/** What HyperDX sends about Acme's tables, in both of its ways; and what people write. */
export const legitimateAt = (site: Site): readonly Legitimate[] => [
  ...shapes.flatMap((shape) => ofShape(site, shape)),
  ...written
    .filter((sql) => !onCluster(sql))
    .map((sql) => ({ name: sql, said: { sql }, rows: /(?:)/ })),
];
