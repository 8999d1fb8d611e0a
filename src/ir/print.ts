import { topologicalOrder, type Graph, type Node } from './graph.ts';
import type { Test } from './test.ts';
import type { BinaryOperator, Value } from './value.ts';
import { verdictKey } from './verdict.ts';

/**
 * A graph as text, one node a line, numbered in the order of `topologicalOrder`: what `pktf compile --emit ir` prints.
 * A failing edge is shown only where the node can fail to somewhere else than its false edge.
 */
export function printGraph(graph: Graph): string {
  const order = topologicalOrder(graph.entry);
  const numbers = new Map(order.map((node, index) => [node, index]));
  const number = (node: Node): string => `${numbers.get(node)}`;
  const width = String(order.length - 1).length;
  const lines = order.map((node, index) => `${String(index).padStart(width)}: ${printNode(node, number)}`);
  return [`link type ${graph.linkType}`, ...lines, ''].join('\n');
}

function printNode(node: Node, number: (node: Node) => string): string {
  switch (node.kind) {
    case 'test': {
      const edges = `true ${number(node.whenTrue)}, false ${number(node.whenFalse)}, fail ${number(node.whenFailing)}`;
      return `if ${printTest(node.test)}: ${edges}`;
    }
    case 'assign':
      return `v${node.index} = ${printValue(node.value)}: next ${number(node.next)}, fail ${number(node.whenFailing)}`;
    case 'count':
      return `count ${node.counter}: next ${number(node.next)}`;
    case 'exit':
      return verdictKey(node.verdict);
  }
}

export function printTest(test: Test): string {
  switch (test.kind) {
    case 'compare': {
      const operator = { equal: '==', greater: '>', 'greater-or-equal': '>=' }[test.operator];
      return `${printValue(test.left)} ${operator} ${printValue(test.right)}`;
    }
    case 'any-bit':
      return `${printValue(test.value)} & ${printValue(test.mask)} != 0`;
    case 'present':
      return `present ${printValue(test.offset)} : ${test.size}`;
  }
}

const operatorSigns: Readonly<Record<BinaryOperator, string>> = {
  add: '+',
  subtract: '-',
  multiply: '*',
  divide: '/',
  modulo: '%',
  and: '&',
  or: '|',
  xor: '^',
  'shift-left': '<<',
  'shift-right': '>>',
};

export function printValue(value: Value): string {
  switch (value.kind) {
    case 'constant':
      return value.value < 256 ? String(value.value) : `0x${value.value.toString(16)}`;
    case 'load':
      return `packet[${printValue(value.offset)} : ${value.size}]`;
    case 'length':
      return 'len';
    case 'metadata':
      return value.field;
    case 'variable':
      return `v${value.index}`;
    case 'lookup':
      return `${value.table.name}.${value.table.space}[${value.key.map(printValue).join(', ')}]`;
    case 'binary':
      return `(${printValue(value.left)} ${operatorSigns[value.operator]} ${printValue(value.right)})`;
  }
}
