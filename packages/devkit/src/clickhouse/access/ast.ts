/** A node of what `EXPLAIN AST` prints: `TableIdentifier d.a (alias x)`. */
export interface Node {
  /** `TableIdentifier`. */
  type: string;
  /** `d.a`; empty where the line holds no more than the type. */
  text: string;
  alias?: string;
  children: Node[];
  parent?: Node;
}

const line = /^( *)(\S+)(.*)$/;

/**
 * Reads an answer of `EXPLAIN AST`, a line a node, indented by one blank a level.
 * @throws Error for anything else.
 */
export function parseAst(lines: readonly string[]): Node {
  const path: Node[] = [];
  for (const text of lines) {
    const [, indent, type, rest] = line.exec(text.replace(/ \(children \d+\)$/, '')) ?? [];
    const parent = path[(indent?.length ?? 0) - 1];
    if (indent === undefined || type === undefined || (path.length > 0 && !parent)) {
      throw new Error(`not a line of EXPLAIN AST: ${text}`);
    }
    const [, label = '', alias] = /^(.*?)(?: \(alias (.+)\))?$/.exec(rest ?? '') ?? [];
    const node: Node = { type, text: label.trim(), children: [] };
    if (alias !== undefined) node.alias = alias;
    if (parent) {
      node.parent = parent;
      parent.children.push(node);
    }
    path.splice(indent.length, Infinity, node);
  }
  const [root] = path;
  if (!root) throw new Error('EXPLAIN AST printed nothing');
  return root;
}

export function* descendants(node: Node): Generator<Node> {
  yield node;
  for (const child of node.children) yield* descendants(child);
}
