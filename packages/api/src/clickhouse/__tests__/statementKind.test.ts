import { statementKind } from '../statementKind';

it.each([
  ['CREATE TABLE IF NOT EXISTS `a`.`b` (x Int8)', 'table'],
  ['ALTER TABLE a MODIFY TTL x', 'table'],
  ['DROP TABLE IF EXISTS a SYNC', 'table'],
  ['CREATE MATERIALIZED VIEW IF NOT EXISTS a TO b AS SELECT 1', 'view'],
  ['DROP VIEW a', 'view'],
  ['CREATE USER IF NOT EXISTS `hdx_r_a` IDENTIFIED WITH sha256_hash', 'access'],
  ['ALTER SETTINGS PROFILE p ON CLUSTER c', 'access'],
  ['CREATE SETTINGS  PROFILE OR REPLACE p', 'access'],
  ['DROP QUOTA IF EXISTS q', 'access'],
  ['GRANT SELECT ON a.b TO c', 'access'],
  ['REVOKE ALL ON *.* FROM c', 'access'],
  ['\n  SELECT name FROM system.tables', 'select'],
  ['WITH 1 AS x SELECT x', 'select'],
  ['SYSTEM FLUSH LOGS', 'other'],
  ['SELECTED', 'other'],
  ['', 'other'],
])('%s is of kind %s', (sql, kind) => expect(statementKind(sql)).toBe(kind));
