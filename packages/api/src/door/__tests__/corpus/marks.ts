/** What gives away Globex or the operator, beside the canaries in Globex's tables. No attack spells any of them. */
export const marks = {
  /** Globex's name. */
  team: 'Globex-canary-of-name',
  /** A limit that Globex alone has. */
  limit: '765432',
  /** In a table of the operator's, in another database of the same engine. */
  row: 'canary-row-of-operator',
  /** In a file of the operator's. */
  file: 'canary-file-of-operator',
  /** In a named collection. */
  collection: 'canary-collection-of-operator',
} as const;
