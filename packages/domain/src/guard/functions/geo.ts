import { words } from './words';

/** Functions of places and shapes. Grouped as ClickHouse groups them in `system.functions`. */
export const geo = {
  Geo: words(`
    MGRSToGeo MVTBoundingBox MVTBoundingBoxMercator SVG UTMToGeo WKB WKT areaCartesian areaSpherical geoDistance
    geoToH3 geoToMGRS geoToUTM geohashDecode geohashEncode geohashesInBox geometryIntersectCartesian
    geometryIntersectSpherical greatCircleAngle greatCircleDistance h3CellAreaM2 h3CellAreaRads2 h3Distance
    h3EdgeAngle h3EdgeLengthKm h3EdgeLengthM h3ExactEdgeLengthKm h3ExactEdgeLengthM h3ExactEdgeLengthRads
    h3GetBaseCell h3GetDestinationIndexFromUnidirectionalEdge h3GetFaces h3GetIndexesFromUnidirectionalEdge
    h3GetOriginIndexFromUnidirectionalEdge h3GetPentagonIndexes h3GetRes0Indexes h3GetResolution
    h3GetUnidirectionalEdge h3GetUnidirectionalEdgeBoundary h3GetUnidirectionalEdgesFromHexagon h3HexAreaKm2
    h3HexAreaM2 h3HexRing h3IndexesAreNeighbors h3IsPentagon h3IsResClassIII h3IsValid h3Line h3NumHexagons
    h3PointDistKm h3PointDistM h3PointDistRads h3PolygonToCells h3PolygonToCellsWithContainment h3ToCenterChild
    h3ToChildren h3ToGeo h3ToGeoBoundary h3ToParent h3ToString h3UnidirectionalEdgeIsValid h3kRing perimeterCartesian
    perimeterSpherical pointInEllipses pointInPolygon polygonsIntersectCartesian polygonsIntersectSpherical readWKB
    readWKT readWkb readWkt stringToH3 svg wkb wkt
  `),
  'Geo Polygon': words(`
    MVTEncodeGeom ST_AsMVTGeom ST_LineFromWKB ST_MLineFromWKB ST_MPolyFromWKB ST_PointFromWKB ST_PolyFromWKB
    polygonAreaCartesian polygonAreaSpherical polygonConvexHullCartesian polygonPerimeterCartesian
    polygonPerimeterSpherical polygonsDistanceCartesian polygonsDistanceSpherical polygonsEqualsCartesian
    polygonsIntersectionCartesian polygonsIntersectionSpherical polygonsSymDifferenceCartesian
    polygonsSymDifferenceSpherical polygonsUnionCartesian polygonsUnionSpherical polygonsWithinCartesian
    polygonsWithinSpherical readWKBLineString readWKBMultiLineString readWKBMultiPolygon readWKBPoint readWKBPolygon
    readWKTLineString readWKTMultiLineString readWKTMultiPolygon readWKTPoint readWKTPolygon readWKTRing
  `),
} as const;
