import { successorsOf, topologicalOrder, type Node, type TestNode } from '../graph.ts';
import { valuesOf } from '../test.ts';
import { operandsOf, valueKey, type Value } from '../value.ts';
import { newInterner, type Interner } from './decide/interner.ts';
import { segmentsOf, type Segment } from './decide/partition.ts';
import { search } from './decide/search.ts';
import { splitByValue, type Budget } from './decide/split-by-value.ts';

/**
 * Asks for each value only once on every path: where a value is first needed, all that is asked about it further down
 * is decided by one search over sorted ranges. `host a or host b` becomes `src ∈ {a, b} or dst ∈ {a, b}`.
 *
 * Loads are tried in the order in which they were, so that a truncated packet fails where it failed. The graph that
 * comes out is only taken if it is smaller.
 *
 * @param relaxed loads whose value does not matter go away although they might fail into no match
 */
export function decideByValue(entry: Node, relaxed: boolean): Node {
  const shared = newInterner(relaxed).graph(entry);
  const nodes = topologicalOrder(shared).length;
  // Dividing a graph by one value may copy what asks for others; how much of that pays is found by trying.
  const growths = nodes > manyNodes ? [mostGrowth] : [mostGrowth, 0.75, 0.25];
  let best = { entry: shared, cost: costOf(shared) };
  for (const growth of growths) {
    const interner = newInterner(relaxed);
    const decided = decide(interner, interner.graph(shared), { nodes: workPerNode * nodes + 10_000, growth });
    const cost = costOf(decided);
    if (cost < best.cost || (best.entry === shared && cost === best.cost)) best = { entry: decided, cost };
  }
  return best.entry;
}

/** How often each node may be looked at on average. */
const workPerNode = 40;
/** For larger graphs there is one attempt. */
const manyNodes = 400;
/** How many nodes may be made for each that asks for a value: a product of lists over several values is not worked out. */
const mostGrowth = 2;

function decide(interner: Interner, entry: Node, budget: Budget): Node {
  const plans = new Map<Node, Plan>();
  const built = new Map<Node, Node>();
  const stack: Node[] = [entry];
  for (let node = stack.at(-1); node !== undefined; node = stack.at(-1)) {
    const known = plans.get(node);
    if (known === undefined) {
      const plan = planFor(interner, node, budget);
      plans.set(node, plan);
      for (const target of plan.targets) if (!built.has(target)) stack.push(target);
      continue;
    }
    stack.pop();
    if (!built.has(node))
      built.set(
        node,
        known.build((target) => built.get(target) as Node),
      );
  }
  return built.get(entry) as Node;
}

/** What a node waits for, and how it is made then. */
interface Plan {
  readonly targets: readonly Node[];
  readonly build: (built: (target: Node) => Node) => Node;
}

function planFor(interner: Interner, node: Node, budget: Budget): Plan {
  const targets = successorsOf(node);
  switch (node.kind) {
    case 'exit':
      return { targets, build: () => node };
    case 'count':
      return { targets, build: (built) => interner.count({ ...node, next: built(node.next) }) };
    case 'assign':
      return {
        targets,
        build: (built) => {
          return interner.assign({ ...node, next: built(node.next), whenFailing: built(node.whenFailing) });
        },
      };
    case 'test':
      return planTest(interner, node, budget);
  }
}

function planAsIs(interner: Interner, node: TestNode): Plan {
  return {
    targets: successorsOf(node),
    build: (built) => {
      const [whenTrue, whenFalse] = [built(node.whenTrue), built(node.whenFalse)];
      return interner.test({ ...node, whenTrue, whenFalse, whenFailing: built(node.whenFailing) });
    },
  };
}

function planTest(interner: Interner, node: TestNode, budget: Budget): Plan {
  const question = interner.question(node);
  const partition = budget.nodes < 0 ? undefined : splitByValue(interner, node, question, budget);
  if (partition === undefined) return planAsIs(interner, node);
  const segments = segmentsOf(partition);
  const within = segments.filter(({ least }) => least <= question.greatest);
  const targets = [...new Set([...within.map(({ target }) => target), node.whenFailing])];
  const build = (built: (target: Node) => Node): Node => {
    const whenFailing = built(node.whenFailing);
    const make = (test: TestNode['test'], whenTrue: Node, whenFalse: Node): Node =>
      interner.test({ ...node, test, whenTrue, whenFalse, whenFailing });
    const joined = join(within, built);
    const [first] = joined as readonly [Segment];
    const { value } = question;
    if (value === undefined) return make(node.test, (joined.at(-1) as Segment).target, first.target);
    if (joined.length === 1) return make(node.test, first.target, first.target);
    return search(value, joined, make);
  };
  return { targets, build };
}

/** Segments with their targets as built, those that lead to the same now made one. */
function join(segments: readonly Segment[], built: (target: Node) => Node): readonly Segment[] {
  const joined: Segment[] = [];
  for (const segment of segments) {
    const target = built(segment.target);
    const before = joined.at(-1);
    if (before?.target === target) joined[joined.length - 1] = { ...before, greatest: segment.greatest };
    else joined.push({ ...segment, target });
  }
  return joined;
}

/** Tests, and what it takes to compute their values where some way does not come from a test of the same one. */
function costOf(entry: Node): number {
  const held = new Map<Node, string>();
  let cost = 0;
  for (const node of topologicalOrder(entry)) {
    const value = node.kind === 'test' ? valuesOf(node.test)[0] : undefined;
    const key = value === undefined ? '' : valueKey(value);
    if (node.kind === 'test' && node.whenTrue !== node.whenFalse) cost++;
    if (value !== undefined && held.get(node) !== key) cost += operationsOf(value);
    for (const next of successorsOf(node)) {
      if (next.kind === 'exit') continue;
      const before = held.get(next);
      held.set(next, before === undefined || before === key ? key : '');
    }
  }
  return cost;
}

function operationsOf(value: Value): number {
  if (value.kind === 'constant') return 0;
  return operandsOf(value).reduce((sum, operand) => sum + operationsOf(operand), 1);
}
