import { aboutStatement } from '../syntaxErrors';

// As ClickHouse 26.7 says it.
it.each([
  [
    'SELECT 1 +',
    'Code: 62. DB::Exception: Syntax error: failed at position 24 ()): ). Expected one of: NOT, literal. (SYNTAX_ERROR) (version 26.7.2.1)',
    'Code: 62. DB::Exception: Syntax error: failed at position 11 (end of query). Expected one of: NOT, literal. (SYNTAX_ERROR) (version 26.7.2.1)',
  ],
  [
    'SELECT a FROM t WHERE WHERE b',
    'Code: 62. DB::Exception: Syntax error: failed at position 42 (b): b). Expected one of: token. (SYNTAX_ERROR)',
    'Code: 62. DB::Exception: Syntax error: failed at position 29 (b). Expected one of: token. (SYNTAX_ERROR)',
  ],
  [
    'SELECT {x:String}',
    'Code: 456. DB::Exception: Substitution `x` is not set. (UNKNOWN_QUERY_PARAMETER)',
    'Code: 456. DB::Exception: Substitution `x` is not set. (UNKNOWN_QUERY_PARAMETER)',
  ],
])('an error in %j is told of it alone', (statement, said, told) => {
  expect(aboutStatement(said, `EXPLAIN AST (${statement})`)).toBe(told);
});
