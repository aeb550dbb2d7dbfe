import { isAllowedFunction, takesAggregate, takesFunction } from './functions';
import type { TenantScope } from './scope';
import { isOwnTable } from './scope';
import type { Canonical, Expected } from './statement';
import { isPlainStructure } from './structure';
import { isNarrowed, systemTables } from './systemTables';
import { tableFunctions } from './tableFunctions';
import type { Node } from './tree';
import { nameIn, readTree } from './tree';
import type { Refusal, Verdict } from './verdict';
import { isRefusal, refuse } from './verdict';

/** Nodes that hold nothing but other nodes, columns and literals. */
const plainNodes = new Set([
  'ArrayJoin',
  'Asterisk',
  // What is applied is not shown; the tokens have been judged.
  'ColumnsApplyTransformer',
  'ColumnsExceptTransformer',
  'ColumnsListMatcher',
  'ColumnsRegexpMatcher',
  'ColumnsReplaceTransformer',
  'ColumnsReplaceTransformer::Replacement',
  'ColumnsTransformerList',
  'ExpressionList',
  'InterpolateElement',
  'Literal',
  'OrderByElement',
  'QualifiedAsterisk',
  'QualifiedColumnsListMatcher',
  'QualifiedColumnsRegexpMatcher',
  'SampleRatio',
  'SelectIntersectExceptQuery',
  'SelectQuery',
  'Subquery',
  'TableJoin',
  'TablesInSelectQuery',
  'TablesInSelectQueryElement',
  'WindowDefinition',
  'WindowListElement',
  'WithElement',
]);

/** `x IN t` in all its forms: the one place besides FROM where a name can be a table's. */
const membership = /^(global)?(not)?(null)?in(ignoreset)?$/i;

/**
 * Decides on a statement whose syntax tree the engine has printed.
 * @param lines the answer to {@link Canonical.question}; none where there was no question.
 */
export function judge(
  { question, expected, ...statement }: Canonical,
  lines: readonly string[],
  tenant: TenantScope,
): Verdict {
  const fault = question === undefined ? undefined : treeFault(lines, expected, tenant);
  return fault ?? { allowed: true, ...statement };
}

function treeFault(
  lines: readonly string[],
  expected: Expected,
  tenant: TenantScope,
): Refusal | undefined {
  const root = readTree(lines);
  if (root?.type !== 'SelectWithUnionQuery') {
    return refuse('unknown', 'This statement is not understood');
  }
  const counts = { narrowedReads: 0, selects: 0 };
  const waiting: Node[] = [root];
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    const next = new NodeJudge(node, expected, tenant).judge();
    if (isRefusal(next)) return next;
    if (node.type === 'SelectQuery') counts.selects += 1;
    if (isNarrowedRead(node)) counts.narrowedReads += 1;
    // One by one: there may be more of them than a call takes arguments.
    for (const below of next) waiting.push(below);
  }
  if (counts.narrowedReads !== expected.narrowedReads) {
    return refuse('table', 'A system table is named in a way that is not understood');
  }
  if (counts.selects < expected.selects) {
    return refuse('unknown', 'A subquery stands where none is understood');
  }
  return undefined;
}

function isNarrowedRead(node: Node): boolean {
  if (node.type !== 'TableIdentifier') return false;
  const [database, table, ...more] = nameIn(node).split('.');
  return database === 'system' && table !== undefined && more.length === 0 && isNarrowed(table);
}

/** Judges one node, and gives the nodes below it that are still to be judged. */
class NodeJudge {
  constructor(
    private readonly node: Node,
    private readonly expected: Expected,
    private readonly tenant: TenantScope,
  ) {}

  judge(): readonly Node[] | Refusal {
    const { node } = this;
    if (plainNodes.has(node.type)) return node.children;
    switch (node.type) {
      case 'SelectWithUnionQuery':
        // A second child is FORMAT or INTO OUTFILE.
        return node.children.length === 1
          ? node.children
          : refuse('statement', 'FORMAT and INTO OUTFILE do not stand within a query');
      case 'Identifier':
        return node.children;
      case 'Function':
        return this.call();
      case 'TableExpression':
        return this.source();
      case 'TableIdentifier':
        return this.isAvailable(nameIn(node))
          ? node.children
          : refuse('table', 'This table is not available', nameIn(node));
      case 'Set':
        return refuse('setting', 'SETTINGS stand at the end of the whole statement alone');
      default:
        return refuse('unknown', 'This part of the statement is not understood', node.type);
    }
  }

  /** A table, a subquery, or the call of a table function. */
  private source(): readonly Node[] | Refusal {
    const [first, ...rest] = this.node.children;
    if (first?.type !== 'Function') return this.node.children;
    const below = this.tableFunction(first);
    return isRefusal(below) ? below : [...below, ...rest];
  }

  private call(): readonly Node[] | Refusal {
    const name = nameIn(this.node);
    if (!isAllowedFunction(name)) return refuse('function', 'This function is not available', name);
    const inside = membership.test(name) ? argumentsOf(this.node)[1] : undefined;
    if (inside?.type === 'Identifier' && inside.rest.includes('.') && !this.isOwn(inside.rest)) {
      return refuse('table', 'This table is not available', nameIn(inside));
    }
    if (inside?.type === 'Function' && nameIn(inside) === 'format') {
      // There, and there alone, it is the table function of this name.
      return refuse('table_function', 'This table function is not available', nameIn(inside));
    }
    return codeFault(name, argumentsOf(this.node)) ?? withoutLambda(this.node);
  }

  private tableFunction(call: Node): readonly Node[] | Refusal {
    const name = nameIn(call);
    switch (tableFunctions.get(name)) {
      case 'values':
        return call.children;
      case 'structure':
        return structureFault(call) ?? call.children;
      case 'ownTable':
        return this.ownTableArguments(call);
      case 'cluster':
        return this.clusterArguments(call);
      case undefined:
        return refuse('table_function', 'This table function is not available', name);
    }
  }

  private ownTableArguments(call: Node): readonly Node[] | Refusal {
    const texts = argumentsOf(call).map(constantOf);
    const [database, table] = texts;
    const own =
      database === this.tenant.database && table !== undefined && isOwnTable(table, this.tenant);
    if (own && !texts.includes(undefined)) return [];
    return refuse('table_function', 'This takes the names of your own tables alone', nameIn(call));
  }

  private clusterArguments(call: Node): readonly Node[] | Refusal {
    const [cluster, view, ...more] = argumentsOf(call);
    const { cluster: own } = this.tenant;
    const named = cluster && constantOf(cluster);
    if (
      own !== undefined &&
      named === own &&
      view?.type === 'Function' &&
      nameIn(view) === 'view' &&
      more.length === 0
    ) {
      return view.children;
    }
    return refuse(
      'table_function',
      'This takes the cluster of your tables, and a table of system',
      nameIn(call),
    );
  }

  /** Names without a database are what WITH defines: for others the engine's error would tell what names are nearly there. */
  private isAvailable(name: string): boolean {
    if (this.isOwn(name) || this.expected.names.has(name)) return true;
    const [database, table, ...more] = name.split('.');
    return database === 'system' && more.length === 0 && Object.hasOwn(systemTables, table ?? '');
  }

  private isOwn(name: string): boolean {
    const prefix = `${this.tenant.database}.`;
    return name.startsWith(prefix) && isOwnTable(name.slice(prefix.length), this.tenant);
  }
}

/** The arguments of a function: the first list below it; a second one holds its parameters. */
function argumentsOf({ children }: Node): readonly Node[] {
  return children[0]?.type === 'ExpressionList' ? children[0].children : [];
}

/** The text of a plain literal. No name will do: the engine puts the values of aliases in the place of names. */
function constantOf({ type, rest }: Node): string | undefined {
  return type === 'Literal' ? /^'([\w.:-]+)'$/.exec(rest)?.[1] : undefined;
}

/**
 * What stands below a call, with the arguments and the expression of a lambda in its place. Anywhere else than first in a
 * function that takes one, a lambda is a function that nobody may call: there are releases that it ends the server of
 * (ClickHouse#109682).
 */
function withoutLambda(call: Node): readonly Node[] {
  const [first, ...rest] = argumentsOf(call);
  if (first?.type !== 'Function' || nameIn(first) !== 'lambda' || !takesFunction(nameIn(call))) {
    return call.children;
  }
  return [...first.children, ...rest, ...call.children.slice(1)];
}

/** A text that is a name, with numbers behind it in brackets at the most. */
const plainAggregate = /^'(\w+)(?:\([\d., ]*\))?'$/;

/** What is wrong with a function that is named in an argument: by its bare name, or with all its parameters in a text. */
function codeFault(name: string, [first, ...rest]: readonly Node[]): Refusal | undefined {
  if (!first) return undefined;
  if (takesAggregate(name)) {
    const aggregate = first.type === 'Literal' ? plainAggregate.exec(first.rest)?.[1] : undefined;
    if (aggregate !== undefined && isAllowedFunction(aggregate)) return undefined;
    return refuse('function', 'This takes the plain name of an aggregate function', name);
  }
  // With nothing behind it, it is what others would be applied to.
  if (!takesFunction(name) || first.type !== 'Identifier' || rest.length === 0) return undefined;
  const named = nameIn(first);
  if (isAllowedFunction(named) && !takesAggregate(named)) return undefined;
  return refuse('function', 'This takes a lambda, or the name of an allowed function', name);
}

/** Values are numbers, tuples or calls; what is a text, or may stand for one, is a structure. */
function structureFault(call: Node): Refusal | undefined {
  const [first] = argumentsOf(call);
  if (!first || (first.type === 'Function' && nameIn(first) === 'tuple')) return undefined;
  const isText = first.rest.startsWith("'");
  if (first.type === 'Literal' && (!isText || isPlainStructure(first.rest.slice(1, -1)))) {
    return undefined;
  }
  return refuse(
    'table_function',
    'This takes columns with their types, as a plain text',
    nameIn(call),
  );
}
