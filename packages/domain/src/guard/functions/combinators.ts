/** What may stand behind the name of an aggregate function, one after another (`system.aggregate_function_combinators`). */
export const combinators = [
  'If',
  'Array',
  'Map',
  'Tuple',
  'State',
  'SimpleState',
  'Merge',
  'ForEach',
  'Distinct',
  'OrDefault',
  'OrNull',
  'Null',
  'Resample',
  'ArgMin',
  'ArgMax',
] as const;
