import { rebuild, topologicalOrder, type Node, type TestNode } from '../../ir/graph.ts';
import { canFail, valueKey, type Value } from '../../ir/value.ts';
import { valuesOf } from '../../ir/test.ts';

/**
 * Puts the test for a fragment before those for the protocol, so that what asks for ports stands right behind the
 * protocol as it does in IPv6, and can become one part with it. Conditions may change places where a packet that
 * does not meet one of them goes where it goes if a load fails.
 */
export function askProtocolLast(entry: Node): Node {
  const inside = insideOfChains(entry);
  return rebuild(entry, (node, original) => {
    return node.kind === 'test' && !inside.has(original) ? exchanged(node) : node;
  });
}

/** Tests behind a test of the same value. */
function insideOfChains(entry: Node): ReadonlySet<Node> {
  const inside = new Set<Node>();
  for (const node of topologicalOrder(entry)) {
    if (node.kind !== 'test') continue;
    const key = valueKey(valuesOf(node.test)[0] as Value);
    for (const next of [node.whenTrue, node.whenFalse]) if (asks(next, key)) inside.add(next);
  }
  return inside;
}

function exchanged(node: TestNode): Node {
  const asked = valuesOf(node.test)[0] as Value;
  if (asked.kind !== 'load' || asked.offset.kind !== 'constant') return node;
  const key = valueKey(asked);
  const own = testsOf(node, key);
  if (own === undefined) return node;
  const inside = new Set<Node>(own);
  const exits = new Set(own.flatMap(({ whenTrue, whenFalse }) => [whenTrue, whenFalse]));
  const outside = [...exits].filter((exit) => !inside.has(exit));
  const [condition, ...more] = outside.filter((exit) => exit !== node.whenFailing);
  if (condition?.kind !== 'test' || more.length > 0 || outside.length !== 2) return node;
  if (!own.every(({ whenFailing }) => whenFailing === node.whenFailing)) return node;
  const [first] = valuesOf(condition.test) as [Value];
  const isConstantLoad = first.kind === 'load' && first.offset.kind === 'constant' && canFail(first);
  if (!isConstantLoad || condition.test.kind !== 'any-bit') return node;
  if (condition.whenTrue !== node.whenFailing || condition.whenFailing !== node.whenFailing) return node;
  return { ...condition, whenFalse: leadingTo(own, condition, condition.whenFalse) };
}

const mostTests = 16;

/** The tests of one value that hang together, each behind those that it leads to; undefined if they are many. */
function testsOf(first: TestNode, key: string): readonly TestNode[] | undefined {
  const own: TestNode[] = [];
  const visit = (node: Node): void => {
    if (!asks(node, key) || own.includes(node) || own.length > mostTests) return;
    visit(node.whenTrue);
    visit(node.whenFalse);
    if (!own.includes(node)) own.push(node);
  };
  visit(first);
  return own.length > mostTests ? undefined : own;
}

function asks(node: Node, key: string): node is TestNode {
  return node.kind === 'test' && valueKey(valuesOf(node.test)[0] as Value) === key;
}

/** The tests of the protocol, going on to what stood behind the condition. */
function leadingTo(own: readonly TestNode[], condition: Node, next: Node): Node {
  const copies = new Map<Node, Node>([[condition, next]]);
  const copyOf = (node: Node): Node => copies.get(node) ?? node;
  for (const node of own) {
    copies.set(node, { ...node, whenTrue: copyOf(node.whenTrue), whenFalse: copyOf(node.whenFalse) });
  }
  return copyOf(own.at(-1) as Node);
}
