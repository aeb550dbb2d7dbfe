import { words } from './words';

/** Functions that ClickHouse 26.7 has and no tenant may call, each group with the reason. Aliases stand beside what they stand for. */
export const denied = {
  dictionaries: {
    why: 'a dictionary belongs to the whole server, and is named by a text',
    names: words(`
    dictGet dictGetAll dictGetChildren dictGetDate dictGetDateOrDefault dictGetDateTime dictGetDateTimeOrDefault
    dictGetDescendants dictGetFloat32 dictGetFloat32OrDefault dictGetFloat64 dictGetFloat64OrDefault dictGetHierarchy
    dictGetIPv4 dictGetIPv4OrDefault dictGetIPv6 dictGetIPv6OrDefault dictGetInt16 dictGetInt16OrDefault dictGetInt32
    dictGetInt32OrDefault dictGetInt64 dictGetInt64OrDefault dictGetInt8 dictGetInt8OrDefault dictGetKeys
    dictGetOrDefault dictGetOrNull dictGetRoot dictGetString dictGetStringOrDefault dictGetUInt16
    dictGetUInt16OrDefault dictGetUInt32 dictGetUInt32OrDefault dictGetUInt64 dictGetUInt64OrDefault dictGetUInt8
    dictGetUInt8OrDefault dictGetUUID dictGetUUIDOrDefault dictHas dictIsIn regionHierarchy regionIn regionToArea
    regionToCity regionToContinent regionToCountry regionToDistrict regionToName regionToPopulation
    regionToTopContinent
    `),
  },
  objects: {
    why: 'they look into a table, a database or an index that a text names',
    names: words(`
    getMaxTableNameLengthForDatabase getMergeTreeSetting hasColumnInTable joinGet joinGetOrNull
    `),
  },
  code: {
    why: 'columns of the structure that they take as a text may have any expression as their default, which is computed',
    names: words(`
    structureToCapnProtoSchema structureToProtobufSchema
    `),
  },
  outside: {
    why: 'they read files or models, run SQL, or reach other machines',
    names: words(`
    AIClassify AIExtract AIGenerate AITranslate aiClassify aiEmbed aiExtract aiGenerate aiTranslate catboostEvaluate
    chdb file generateSerialID naiveBayesClassifier naiveBayesClassifierWithAllProbs naiveBayesClassifierWithProb
    zookeeperSessionUptime
    `),
  },
  server: {
    why: 'they tell about the machine and its configuration',
    names: words(`
    FQDN buildId displayName filesystemAvailable filesystemCapacity filesystemUnreserved fullHostName getMacro getOSKernelVersion
    getServerPort getServerSetting globalVariable hasThreadFuzzer hostName hostname runningConcurrency serverUUID
    showCertificate tcpPort
    `),
  },
  session: {
    why: 'they tell who a statement runs as, and with what',
    names: words(`
    authUser authenticatedUser connectionId connection_id currentProfiles currentRoles currentSchemas currentUser
    current_schemas current_user defaultProfiles defaultRoles enabledProfiles enabledRoles getClientHTTPHeader
    getSetting getSettingOrDefault session_user transactionID transactionLatestSnapshot transactionOldestSnapshot user
    `),
  },
  waiting: {
    why: 'they hold a place among the queries, do nothing else, or fail on purpose',
    names: words(`
    aggThrow sleep sleepEachRow
    `),
  },
  introspection: {
    why: 'they read the memory of the server, or write into its log',
    names: words(`
    addressToLine addressToLineWithInlines addressToSymbol demangle isMergeTreePartCoveredBy logTrace
    mergeTreePartInfo tid
    `),
  },
  internal: {
    why: 'ClickHouse uses them itself, or to test itself',
    names: words(`
    __actionName __applyFilter __bitBoolMaskAnd __bitBoolMaskOr __bitSwapLastTwo __bitWrapperFunc __getScalar
    __patchPartitionID __scalarSubqueryResult __toYearCalendarOnly fuzzQuery nested validateNestedArraySizes
    `),
  },
} as const satisfies Record<string, { why: string; names: readonly string[] }>;
