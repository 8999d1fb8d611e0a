import { successorsOf, topologicalOrder, type Graph, type Node } from '../ir/graph.ts';
import { valuesOf } from '../ir/test.ts';
import { canFail } from '../ir/value.ts';
import { variableRanges, type VariableRanges } from '../ir/variable-ranges.ts';
import { mostInstructions } from './check.ts';
import { askProtocolLast } from './generate/ask-protocol-last.ts';
import { goTo, labelled, plain, targetsOf, type Item, type Label } from './generate/code.ts';
import { meet, nothingKnown, type Registers } from './generate/contents.ts';
import { removeDeadStores } from './generate/dead-stores.ts';
import { emitLabel, type Emitter, type Target } from './generate/emitter.ts';
import { InexpressibleError } from './generate/inexpressible.ts';
import { mergeBlocks } from './generate/merge-blocks.ts';
import { resolveJumps } from './generate/resolve-jumps.ts';
import { selectAssign, selectTest } from './generate/select-node.ts';
import { simplify } from './generate/simplify.ts';
import { unifiedShapes } from './generate/unify-shapes.ts';
import { allocateVariables } from './generate/variables.ts';
import { returnConstant, type Instruction } from './instruction.ts';
import type { Program } from './program.ts';

export { InexpressibleError, type Reason } from './generate/inexpressible.ts';
export type { Target } from './generate/emitter.ts';

/** What a match returns unless told otherwise: tcpdump's snapshot length, more than any packet has. */
export const defaultAcceptLength = 262144;

export interface GenerateOptions {
  /** How many bytes of a matching packet to keep. Default 262144. */
  readonly acceptLength?: number;
  /**
   * `capture`: libpcap's machine over captured bytes. `socket`: the kernel's, for a graph that speaks of what a socket
   * shows (`showTagInMetadata` in `ir/view.ts` makes one of a graph over the wire frame).
   */
  readonly target: Target;
}

/**
 * The classic program of a bare filter. The same graph always gives the same program.
 * @throws InexpressibleError where there is none
 */
export function generate(graph: Graph, options: GenerateOptions): Program {
  const entry = simplify(graph.entry);
  topologicalOrder(entry).forEach(requireExpressible);
  const instructions = shortest(entry, options);
  if (instructions.length > mostInstructions) {
    throw new InexpressibleError({ kind: 'too-long', count: instructions.length });
  }
  return { linkType: graph.linkType, instructions };
}

/** What no other form brings below the limit. */
const hopelessLength = 4 * mostInstructions;

/** Of the forms that a graph can be given for this machine: that with the fewest instructions, the plain one if in doubt. */
function shortest(entry: Node, options: GenerateOptions): readonly Instruction[] {
  const plainForm = assemble(entry, options);
  if (plainForm.length > hopelessLength) return plainForm;
  return [...new Set([entry, askProtocolLast(entry)])]
    .map((form) => withUnifiedShapes(form, options))
    .reduce((best, each) => (each.length < best.length ? each : best), plainForm);
}

function withUnifiedShapes(entry: Node, options: GenerateOptions): readonly Instruction[] {
  let best = assemble(entry, options);
  let form = entry;
  for (let round = 0; round < mostUnifications; round++) {
    const forms = unifiedShapes(form).map((unified) => ({ unified, code: assemble(unified, options) }));
    const better = forms.find(({ code }) => code.length < best.length);
    if (better === undefined) break;
    [best, form] = [better.code, better.unified];
  }
  return best;
}

/** Each takes up to two cells of M[] while it is in use. */
const mostUnifications = 4;

function assemble(entry: Node, options: GenerateOptions): readonly Instruction[] {
  const order = topologicalOrder(entry);
  return resolveJumps(mergeBlocks(removeDeadStores(select(order, options))));
}

/** What classic BPF has no words for, whatever the values are. */
function requireExpressible(node: Node): void {
  switch (node.kind) {
    case 'count':
      throw new InexpressibleError({ kind: 'counter' }, node.span);
    case 'exit':
      if (node.verdict.kind === 'match' || node.verdict.kind === 'no-match') return;
      throw new InexpressibleError({ kind: 'verdict', verdict: node.verdict }, node.span);
    case 'test':
    case 'assign': {
      const values = node.kind === 'test' ? valuesOf(node.test) : [node.value];
      if (isNoMatch(node.whenFailing) || !values.some(canFail)) return;
      throw new InexpressibleError({ kind: 'failure' }, node.span);
    }
  }
}

function isNoMatch(node: Node): boolean {
  return node.kind === 'exit' && node.verdict.kind === 'no-match';
}

/** All match exits are one, and so are all others; they stand at the end. */
const matchLabel: Label = 0;
const noMatchLabel: Label = 1;

function select(
  order: readonly Node[],
  { acceptLength = defaultAcceptLength, target }: GenerateOptions,
): readonly Item[] {
  const nodes = order.filter((node) => node.kind !== 'exit');
  const labels = new Map<Node, Label>(order.map((node, index) => [node, labelOf(node, index)]));
  const variables = allocateVariables(order);
  const ranges = variableRanges(order[0] as Node);
  const emitter: Emitter = {
    target,
    variables,
    items: [],
    failure: noMatchLabel,
    nextLabel: order.length + 2,
    span: undefined,
    registers: nothingKnown,
    ranges: new Map(),
    freeCells: [],
  };
  const registersAt = new Map<Node, Registers>();
  for (const node of nodes) {
    emitter.span = node.span;
    emitter.registers = registersAt.get(node) ?? nothingKnown;
    emitter.ranges = ranges.get(node) as VariableRanges;
    emitter.freeCells = variables.freeCells(node);
    emitLabel(emitter, labels.get(node) as Label);
    if (node.kind === 'test') {
      selectTest(emitter, node, labels.get(node.whenTrue) as Label, labels.get(node.whenFalse) as Label);
    } else if (node.kind === 'assign') {
      selectAssign(emitter, node, variables.isRead(node, node.index));
      emitter.items.push(goTo(labels.get(node.next) as Label));
    }
    for (const successor of successorsOf(node)) {
      if (successor.kind === 'exit') continue;
      registersAt.set(successor, meet(registersAt.get(successor), emitter.registers));
    }
  }
  return [...emitter.items, ...exits(emitter.items, order[0] as Node, acceptLength)];
}

function labelOf(node: Node, index: number): Label {
  if (node.kind !== 'exit') return index + 2;
  return node.verdict.kind === 'match' ? matchLabel : noMatchLabel;
}

/** The returns that the code leads to. */
function exits(items: readonly Item[], entry: Node, acceptLength: number): readonly Item[] {
  const targets = new Set([labelOf(entry, 0), ...items.flatMap(targetsOf)]);
  const returns = [
    { label: matchLabel, value: acceptLength },
    { label: noMatchLabel, value: 0 },
  ];
  return returns
    .filter(({ label }) => targets.has(label))
    .flatMap(({ label, value }) => [labelled(label), plain(returnConstant(value))]);
}
