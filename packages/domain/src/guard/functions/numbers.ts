import { words } from './words';

/** Functions of numbers, and how values compare. Grouped as ClickHouse groups them in `system.functions`. */
export const numbers = {
  Arithmetic: words(`
    abs avg2 byteSwap divide divideDecimal divideOrNull gcd ifNotFinite intDiv intDivOrNull intDivOrZero isFinite
    isInfinite isNaN lcm max2 midpoint min2 minus mod modOrNull modulo moduloLegacy moduloOrNull moduloOrZero multiply
    multiplyDecimal negate plus pmod pmodOrNull positiveModulo positiveModuloOrNull positive_modulo
    positive_modulo_or_null sqr
  `),
  Mathematical: words(`
    acos acosh asin asinh atan atan2 atanh cbrt cos cosh degrees e erf erfc exp exp10 exp2 factorial hypot intExp10
    intExp2 isPrime isProbablePrime lgamma ln log log10 log1p log2 pi pow power proportionsZTest radians sigmoid sign
    sin sinh sqrt tan tanh tgamma widthBucket width_bucket
  `),
  Rounding: words(`
    ceil ceiling floor round roundAge roundBankers roundDown roundDuration roundToExp2 trunc truncate
  `),
  Bit: words(`
    bitAnd bitCount bitHammingDistance bitNot bitOr bitRotateLeft bitRotateRight bitShiftLeft bitShiftRight bitSlice
    bitTest bitTestAll bitTestAny bitXor
  `),
  Comparison: words(`
    equals globalIn globalInIgnoreSet globalNotIn globalNotInIgnoreSet globalNotNullIn globalNotNullInIgnoreSet
    globalNullIn globalNullInIgnoreSet greater greaterOrEquals in inIgnoreSet isDistinctFrom isNotDistinctFrom less
    lessOrEquals notEquals notIn notInIgnoreSet notNullIn notNullInIgnoreSet nullIn nullInIgnoreSet
  `),
  Logical: words(`
    and not or xor
  `),
  Conditional: words(`
    caseWithoutExpr caseWithoutExpression clamp greatest if least multiIf
  `),
  Null: words(`
    assumeNotNull coalesce firstNonDefault ifNull isNotNull isNull isNullable isZeroOrNull nullIf toNullable
  `),
  'Random Number': words(`
    fuzzBits rand rand32 rand64 randBernoulli randBinomial randCanonical randChiSquared randConstant randExponential
    randFisherF randLogNormal randNegativeBinomial randNormal randPoisson randStudentT randUniform randomFixedString
    randomPrintableASCII randomString randomStringUTF8
  `),
  Financial: words(`
    financialInternalRateOfReturn financialInternalRateOfReturnExtended financialNetPresentValue
    financialNetPresentValueExtended
  `),
  Distance: words(`
    L1Distance L1Norm L1Normalize L2Distance L2DistanceTransposed L2DistanceTransposedQuantized L2Norm L2Normalize
    L2SquaredDistance L2SquaredNorm LinfDistance LinfNorm LinfNormalize LpDistance LpNorm LpNormalize cosineDistance
    cosineDistanceTransposed cosineDistanceTransposedQuantized distanceCosine distanceCosineTransposed distanceL1
    distanceL2 distanceL2Squared distanceL2Transposed distanceLinf distanceLp dotProductTransposed
    dotProductTransposedQuantized normL1 normL2 normL2Squared normLinf normLp normalizeL1 normalizeL2 normalizeLinf
    normalizeLp scalarProductTransposed
  `),
  Encryption: words(`
    HMAC aes_decrypt_mysql aes_encrypt_mysql decrypt encrypt tryDecrypt
  `),
} as const;
