import type { Node } from './graph.ts';
import { readUnsigned, type Packet } from './packet.ts';
import { decide, valuesOf } from './test.ts';
import { noTables, type Tables } from './table.ts';
import { calculate, type Value } from './value.ts';
import type { Verdict } from './verdict.ts';

/** What became of one packet. */
export interface Outcome {
  readonly verdict: Verdict;
  /** The counters that this packet was added to, in order. */
  readonly counted: readonly number[];
}

/** The meaning of a graph, written to be read: what every back end is compared with. */
export function evaluate(entry: Node, packet: Packet, tables: Tables = noTables): Outcome {
  const variables: number[] = [];
  const counted: number[] = [];
  let node = entry;
  for (;;) {
    switch (node.kind) {
      case 'exit':
        return { verdict: node.verdict, counted };
      case 'count':
        counted.push(node.counter);
        node = node.next;
        break;
      case 'assign': {
        const value = evaluateValue(node.value, packet, variables, tables);
        if (value !== undefined) variables[node.index] = value;
        node = value === undefined ? node.whenFailing : node.next;
        break;
      }
      case 'test': {
        const [first, second = 0] = valuesOf(node.test).map(
          (value) => evaluateValue(value, packet, variables, tables) ?? NaN,
        );
        if (Number.isNaN(first) || Number.isNaN(second)) node = node.whenFailing;
        else node = decide(node.test, first as number, second, packet.bytes.length) ? node.whenTrue : node.whenFalse;
      }
    }
  }
}

/** @returns undefined where the value fails */
export function evaluateValue(
  value: Value,
  packet: Packet,
  variables: readonly number[],
  tables: Tables = noTables,
): number | undefined {
  const operand = (each: Value): number | undefined => evaluateValue(each, packet, variables, tables);
  switch (value.kind) {
    case 'constant':
      return value.value;
    case 'length':
      return packet.length;
    case 'metadata':
      return packet.metadata?.[value.field] ?? 0;
    case 'variable':
      return variables[value.index];
    case 'load': {
      const offset = operand(value.offset);
      return offset === undefined ? undefined : readUnsigned(packet.bytes, offset, value.size);
    }
    case 'lookup': {
      const key = value.key.map(operand);
      return key.every((part) => part !== undefined) ? tables(value.table, key) : undefined;
    }
    case 'binary': {
      const left = operand(value.left);
      const right = operand(value.right);
      return left === undefined || right === undefined ? undefined : calculate(value.operator, left, right);
    }
  }
}
