import { rebuild, topologicalOrder, type AssignNode, type Graph, type Node, type TestNode } from './graph.ts';
import { anyNumber, constantOf, rangeOf, type Range } from './range.ts';
import { compare, equal, present, valuesOf, withValues, type Present, type Test } from './test.ts';
import {
  add,
  binary,
  constant,
  load,
  metadata,
  operandsOf,
  packetLength,
  type LoadSize,
  type Lookup,
  type Value,
} from './value.ts';
import { variableRanges, type VariableRanges } from './variable-ranges.ts';

/**
 * Views: what a hook shows of the wire frame.
 *
 * A graph speaks of the frame on the wire, tags in place. At TC and on packet sockets Linux may have taken the outer
 * VLAN tag out of the bytes and into metadata (`vlan_present`, `vlan_tci`, `vlan_proto`): then everything behind
 * offset 12 stands four bytes earlier and the length is four less. At ingress the tag is always there, at egress it
 * is where the sender put it; so the rewritten graph asks `vlan-present` once, first, and goes on in one of two
 * copies: the graph as it is, or its translation for the stripped layout. Where a filter looks at nothing that
 * moves, the copies are one and the question is not asked.
 */

/** Where the outer tag stands on the wire: protocol at 12, control information at 14. */
const tagOffset = 12;
const tagEnd = 16;
const tagLength = 4;

/** The only protocols of a tag in metadata; 0x9100 is never taken out of the bytes (checked on Linux 6.18). */
const tagProtocols: readonly number[] = [0x8100, 0x88a8];

/** The same verdicts as the given graph, for a hook that may hold the outer tag in metadata. */
export function showTagInMetadata(graph: Graph): Graph {
  if (graph.linkType !== 'EN10MB') return graph;
  const firstFree = firstFreeVariable(graph.entry);
  const ranges = variableRanges(graph.entry);
  const stripped = rebuild(graph.entry, (node, original) =>
    strip(node, { free: firstFree, variables: ranges.get(original) as VariableRanges }),
  );
  if (stripped === graph.entry) return graph;
  const entry: TestNode = {
    kind: 'test',
    test: equal(metadata('vlan-present'), 0),
    whenTrue: graph.entry,
    whenFalse: stripped,
    // Metadata cannot fail; the edge must lead somewhere, and nowhere new.
    whenFailing: graph.entry,
  };
  return { ...graph, entry };
}

function firstFreeVariable(entry: Node): number {
  const indices = topologicalOrder(entry).map((node) => (node.kind === 'assign' ? node.index : -1));
  return indices.reduce((greatest, index) => Math.max(greatest, index), -1) + 1;
}

/** What the translation of a node may use. */
interface Scope {
  /** The first variable that is not in use. */
  readonly free: number;
  /** Bounds of the graph's own variables where the node stands. */
  readonly variables: VariableRanges;
}

function rangeIn(value: Value, { variables }: Scope): Range {
  return rangeOf(value, (index) => variables.get(index) ?? anyNumber);
}

function strip(node: Node, scope: Scope): Node {
  switch (node.kind) {
    case 'test':
      return stripTest(node, scope);
    case 'assign':
      return stripAssign(node, scope);
    default:
      return node;
  }
}

function stripAssign(node: AssignNode, scope: Scope): Node {
  if (!moves(node.value, scope)) return node;
  return stripValue(node.value, node, scope, (value) => ({ ...node, value }));
}

function stripTest(node: TestNode, scope: Scope): Node {
  const { test } = node;
  if (test.kind === 'present') return stripPresent(node, test, scope);
  const [first, second] = valuesOf(test) as [Value, Value];
  if (!moves(first, scope) && !moves(second, scope)) return node;
  return stripValue(first, node, scope, (left, afterFirst) =>
    stripValue(second, node, afterFirst, (right) => testOrKnownAnswer(node, withValues(test, [left, right]))),
  );
}

/** Whether a tag's protocol equals anything but 0x8100 and 0x88a8 needs no asking. */
function testOrKnownAnswer(node: TestNode, test: Test): Node {
  if (test.kind === 'compare' && test.operator === 'equal') {
    const { left, right } = test;
    const asked = right.kind === 'constant' && left.kind === 'metadata' && left.field === 'vlan-protocol';
    if (asked && !tagProtocols.includes(right.value)) return node.whenFalse;
  }
  return { ...node, test };
}

/** The end of a stretch of the wire frame lies four bytes earlier; before the tag nothing has moved. */
function stripPresent(node: TestNode, test: Present, scope: Scope): Node {
  return stripValue(test.offset, node, scope, (offset) => {
    const known = constantOf(offset);
    if (known !== undefined) return { ...node, test: presentAt(known, test.size) };
    const far: Node = { ...node, test: { ...test, offset: add(offset, -tagLength) } };
    if (rangeIn(offset, scope).least >= tagEnd) return far;
    const near: Node = { ...node, test: { ...test, offset } };
    return caseByCase(node, offset, test.size, far, near, (at) => ({ ...node, test: presentAt(at, test.size) }));
  });
}

function presentAt(offset: number, size: number): Present {
  if (offset >= tagEnd) return present(offset - tagLength, size);
  const end = offset + size;
  return end <= tagOffset ? present(offset, size) : present(0, Math.max(end - tagLength, tagOffset));
}

/** Whether a value is another number in the stripped layout. */
function moves(value: Value, scope: Scope): boolean {
  if (value.kind === 'length') return true;
  if (value.kind === 'load') {
    const end = rangeIn(value.offset, scope).greatest + value.size;
    if (end > tagOffset) return true;
  }
  return operandsOf(value).some((operand) => moves(operand, scope));
}

/**
 * Translates a value and hands the result to `next`, which builds the node that uses it. Most loads translate in
 * place. One whose offset is computed and may lie on either side of the tag is decided at run time, into a variable;
 * The scope's first free variable grows with the nesting only.
 */
function stripValue(value: Value, node: Failing, scope: Scope, next: Continuation): Node {
  switch (value.kind) {
    case 'length':
      return next(add(packetLength, tagLength), scope);
    case 'constant':
    case 'metadata':
    case 'variable':
      return next(value, scope);
    case 'binary':
      return stripValue(value.left, node, scope, (left, afterLeft) =>
        stripValue(value.right, node, afterLeft, (right, afterRight) =>
          next(binary(value.operator, left, right), afterRight),
        ),
      );
    case 'lookup':
      return stripKey(value, 0, [], node, scope, next);
    case 'load':
      return stripValue(value.offset, node, scope, (offset, afterOffset) => {
        const known = constantOf(offset);
        if (known !== undefined) return next(strippedLoad(known, value.size), afterOffset);
        const { least, greatest } = rangeIn(offset, scope);
        if (least >= tagEnd) return next(load(add(offset, -tagLength), value.size), afterOffset);
        if (greatest + value.size <= tagOffset) return next(load(offset, value.size), afterOffset);
        return loadOnEitherSide(offset, value.size, node, scope, next);
      });
  }
}

/** The values of a key one after another, each beginning where the ones before it left the free variables. */
function stripKey(
  value: Lookup,
  index: number,
  done: readonly Value[],
  node: Failing,
  scope: Scope,
  next: Continuation,
): Node {
  const part = value.key[index];
  if (part === undefined) return next({ ...value, key: done }, scope);
  return stripValue(part, node, scope, (stripped, after) =>
    stripKey(value, index + 1, [...done, stripped], node, after, next),
  );
}

type Continuation = (value: Value, scope: Scope) => Node;
type Failing = Pick<TestNode | AssignNode, 'whenFailing' | 'span'>;

function loadOnEitherSide(offset: Value, size: LoadSize, node: Failing, scope: Scope, next: Continuation): Node {
  const { free } = scope;
  const use = next({ kind: 'variable', index: free }, { ...scope, free: free + 1 });
  const keep = (value: Value): Node => assign(free, value, use, node);
  return caseByCase(node, offset, size, keep(load(add(offset, -tagLength), size)), keep(load(offset, size)), (at) =>
    keep(strippedLoad(at, size)),
  );
}

/** Behind the tag, before it, or one of the few offsets at which the stretch touches it. */
function caseByCase(
  node: Failing,
  offset: Value,
  size: number,
  behind: Node,
  before: Node,
  touching: (at: number) => Node,
): Node {
  let otherwise = before;
  for (let at = Math.max(tagOffset - size + 1, 0); at < tagEnd; at++) {
    otherwise = question(equal(offset, at), touching(at), otherwise, node);
  }
  return question(compare('greater-or-equal', offset, tagEnd), behind, otherwise, node);
}

function question(test: Test, whenTrue: Node, whenFalse: Node, { whenFailing, span }: Failing): Node {
  const node: TestNode = { kind: 'test', test, whenTrue, whenFalse, whenFailing };
  return span === undefined ? node : { ...node, span };
}

function assign(index: number, value: Value, next: Node, { whenFailing, span }: Failing): Node {
  const node: AssignNode = { kind: 'assign', index, value, next, whenFailing };
  return span === undefined ? node : { ...node, span };
}

/** The bytes `offset … offset + size` of the wire frame, put together from metadata and from what is left in place. */
function strippedLoad(offset: number, size: LoadSize): Value {
  if (offset + size <= tagOffset) return load(offset, size);
  if (offset >= tagEnd) return load(offset - tagLength, size);
  let value: Value = constant(0);
  for (let at = offset; at < offset + size;) {
    const step = pieceLength(at, offset + size);
    value = binary('or', shiftedLeft(value, 8 * step), wirePiece(at, step));
    at += step;
  }
  return value;
}

function shiftedLeft(value: Value, bits: number): Value {
  return value.kind === 'constant' && value.value === 0 ? value : binary('shift-left', value, constant(bits));
}

/** Two bytes at a time where they are a field of the tag or an even stretch beside it, else one. */
function pieceLength(at: number, end: number): 1 | 2 {
  return at % 2 === 0 && at + 2 <= end ? 2 : 1;
}

function wirePiece(at: number, length: 1 | 2): Value {
  if (at < tagOffset) return load(at, length);
  if (at >= tagEnd) return load(at - tagLength, length);
  const field = metadata(at < tagOffset + 2 ? 'vlan-protocol' : 'vlan-tci');
  if (length === 2) return field;
  return at % 2 === 0 ? binary('shift-right', field, constant(8)) : binary('and', field, constant(0xff));
}
