import { words } from './words';

/** Functions of dates and times. Grouped as ClickHouse groups them in `system.functions`. */
export const dates = {
  'Dates and Times': words(`
    DATE_DIFF DATE_FORMAT DATE_TRUNC DAY DAYOFMONTH DAYOFWEEK DAYOFYEAR FROM_DAYS FROM_UNIXTIME HOUR LAST_DAY
    MICROSECOND MILLISECOND MINUTE MONTH NANOSECOND QUARTER SECOND TIMESTAMP_DIFF TO_DAYS UTCTimestamp UTC_timestamp
    YEAR YYYYMMDDToDate YYYYMMDDToDate32 YYYYMMDDhhmmssToDateTime YYYYMMDDhhmmssToDateTime64 addDate addDays addHours
    addInterval addMicroseconds addMilliseconds addMinutes addMonths addNanoseconds addQuarters addSeconds
    addTupleOfIntervals addWeeks addYears age changeDay changeHour changeMinute changeMonth changeSecond changeYear
    curdate current_date current_timestamp dateDiff dateName dateTrunc date_bin date_diff formatDateTime
    formatDateTimeInJodaSyntax fromDaysSinceYearZero fromDaysSinceYearZero32 fromModifiedJulianDay
    fromModifiedJulianDayOrNull fromUTCTimestamp fromUnixTimestamp fromUnixTimestampInJodaSyntax from_utc_timestamp
    localtime localtimestamp makeDate makeDate32 makeDateTime makeDateTime64 monthName now now64 nowInBlock
    nowInBlock64 serverTimeZone serverTimezone subDate subtractDays subtractHours subtractInterval
    subtractMicroseconds subtractMilliseconds subtractMinutes subtractMonths subtractNanoseconds subtractQuarters
    subtractSeconds subtractTupleOfIntervals subtractWeeks subtractYears timeDiff timeSlot timeSlots timeZone
    timeZoneOf timeZoneOffset time_bucket timestamp timestampDiff timestamp_diff timezone timezoneOf timezoneOffset
    toDayOfMonth toDayOfWeek toDayOfYear toDaysInMonth toDaysSinceYearZero toHour toISOWeek toISOYear toLastDayOfMonth
    toLastDayOfWeek toMicrosecond toMillisecond toMinute toModifiedJulianDay toModifiedJulianDayOrNull toMonday
    toMonth toMonthNumSinceEpoch toNanosecond toQuarter toRelativeDayNum toRelativeHourNum toRelativeMinuteNum
    toRelativeMonthNum toRelativeQuarterNum toRelativeSecondNum toRelativeWeekNum toRelativeYearNum toSecond
    toStartOfDay toStartOfFifteenMinutes toStartOfFiveMinute toStartOfFiveMinutes toStartOfHour toStartOfISOYear
    toStartOfInterval toStartOfMicrosecond toStartOfMillisecond toStartOfMinute toStartOfMonth toStartOfNanosecond
    toStartOfQuarter toStartOfSecond toStartOfTenMinutes toStartOfWeek toStartOfYear toTimeWithFixedDate toTimeZone
    toTimezone toUTCTimestamp toUnixTimestamp toWeek toYYYYMM toYYYYMMDD toYYYYMMDDhhmmss toYear toYearNumSinceEpoch
    toYearWeek to_utc_timestamp today week yearweek yesterday
  `),
  'Time Window': words(`
    hop hopEnd hopStart tumble tumbleEnd tumbleStart windowID
  `),
  'Time Series': words(`
    seriesDecomposeSTL seriesOutliersDetectTukey timeSeriesCopyTag timeSeriesCopyTags timeSeriesExtractTag
    timeSeriesFromGrid timeSeriesGroupToSamplingKey timeSeriesGroupToTags timeSeriesIdToGroup timeSeriesIdToTags
    timeSeriesIdToTagsGroup timeSeriesJoinTags timeSeriesRange timeSeriesRemoveAllTagsExcept timeSeriesRemoveTag
    timeSeriesRemoveTags timeSeriesReplaceTag timeSeriesStoreTags timeSeriesTagsGroupToTags timeSeriesTagsToGroup
    timeSeriesThrowDuplicateSeriesIf
  `),
} as const;
