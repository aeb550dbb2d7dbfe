/** A node of the syntax tree that `EXPLAIN AST` prints. */
export interface Node {
  type: string;
  /** What is printed behind the type: a name, a literal, an alias. */
  rest: string;
  children: Node[];
}

// A literal holds what it likes; line ends of other alphabets than ASCII's are not escaped in it.
const line = /^( *)([A-Za-z:]+)(?: (.*?))??(?: \(children (\d+)\))?$/s;

/**
 * Reads the lines of `EXPLAIN AST`: a node each, a blank in front for each level, the number of children behind.
 * `undefined` where they are no tree, or the numbers do not agree with it: a name has been made to look like something else.
 */
export function readTree(lines: readonly string[]): Node | undefined {
  const root: Node = { type: '', rest: '', children: [] };
  /** The nodes above the next line, each with the number of its children still to come. */
  const path = [{ node: root, missing: 1 }];
  for (const text of lines) {
    const [, indent = '', type, rest = '', children = '0'] = line.exec(text) ?? [];
    while (path.at(-1)?.missing === 0) path.pop();
    const above = path.at(-1);
    if (type === undefined || !above || indent.length !== path.length - 1) return undefined;
    const node: Node = { type, rest, children: [] };
    above.node.children.push(node);
    above.missing -= 1;
    path.push({ node, missing: Number(children) });
  }
  return path.every(({ missing }) => missing === 0) ? root.children[0] : undefined;
}

/** The name that a node begins with; what follows in brackets is the alias. */
export const nameIn = ({ rest }: Node): string => rest.split(' (alias ', 1)[0] ?? '';
