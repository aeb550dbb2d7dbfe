/** A ClickHouse release, as far as DDL depends on it: `26.7.2.1` is `{major: 26, minor: 7}`. */
export interface ClickHouseVersion {
  major: number;
  minor: number;
}

/** The oldest release the templates are written for: `SQL SECURITY` of views came with 24.2, 24.3 is the LTS after it. */
export const oldestVersion: ClickHouseVersion = { major: 24, minor: 3 };

/** From here on `text` indexes need no experimental setting (HyperDX 2.36 draws the same line). */
export const textIndexVersion: ClickHouseVersion = { major: 26, minor: 2 };

/** The first LTS that has both `enable_block_number_column` and `enable_block_offset_column`. */
export const blockColumnsVersion: ClickHouseVersion = { major: 24, minor: 8 };

/** True where `version` is `since` or newer. */
export function isAtLeast(version: ClickHouseVersion, since: ClickHouseVersion): boolean {
  return version.major === since.major ? version.minor >= since.minor : version.major > since.major;
}

/** True where something that exists `since` one release and `before` another exists in `version`. */
export function existsIn(
  { since, before }: { since?: ClickHouseVersion; before?: ClickHouseVersion },
  version: ClickHouseVersion,
): boolean {
  return (!since || isAtLeast(version, since)) && (!before || !isAtLeast(version, before));
}
