import { words } from './words';

/** Functions of no other kind: they read their arguments, the block they stand in, or the clock. Grouped as ClickHouse groups them in `system.functions`. */
export const other = {
  Other: words(`
    DATABASE FORMAT_BYTES MACNumToString MACStringToNum MACStringToOUI SCHEMA bar blockNumber blockSerializedSize
    blockSize byteSize colorOKLABToSRGB colorOKLCHToSRGB colorSRGBToOKLAB colorSRGBToOKLCH countDigits currentDatabase
    currentQueryID current_database current_query_id defaultValueOfArgumentType defaultValueOfTypeName digits
    dumpColumnStructure errorCodeToName finalizeAggregation flipCoordinates formatQuery formatQueryOrNull
    formatQuerySingleLine formatQuerySingleLineOrNull formatReadableDecimalSize formatReadableQuantity
    formatReadableSize formatReadableTimeDelta generateRandomStructure getSizeOfEnumType getSubcolumn
    getTypeSerializationStreams highlightQuery icebergBucket icebergTruncate identity ignore indexHint initialQueryID
    initialQueryStartTime initial_query_id initial_query_start_time initializeAggregation isConstant isDecimalOverflow
    lowCardinalityIndices lowCardinalityKeys materialize minSampleSizeContinous minSampleSizeContinuous
    minSampleSizeConversion neighbor normalizeQuery normalizeQueryKeepNames normalizedQueryHash
    normalizedQueryHashKeepNames obfuscateQuery obfuscateQueryWithSeed parseReadableSize parseReadableSizeOrNull
    parseReadableSizeOrZero parseTimeDelta partitionID partitionId queryID query_id revision rowNumberInAllBlocks
    rowNumberInBlock runningAccumulate runningDifference runningDifferenceStartingWithFirstValue shardCount shardNum
    throwIf toColumnTypeName toTypeName tokenizeQuery transform
    uptime variantElement variantType version visibleWidth
  `),
  Internal: words(`
    _CAST caseWithExpr caseWithExpression
  `),
  'Machine Learning': words(`
    evalMLMethod
  `),
} as const;
