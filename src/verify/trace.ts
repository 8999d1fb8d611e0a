import { evaluateValue } from '../ir/evaluate.ts';
import { exit, graphOf, type Node } from '../ir/graph.ts';
import type { Packet } from '../ir/packet.ts';
import type { Predicate } from '../ir/predicate.ts';
import type { Span } from '../ir/span.ts';
import type { Tables } from '../ir/table.ts';
import { decide, valuesOf, type Test } from '../ir/test.ts';
import { operandsOf, type Value } from '../ir/value.ts';
import { match, noMatch, drop } from '../ir/verdict.ts';

/** Bytes that a test looked at. */
export interface Reading {
  readonly offset: number;
  readonly size: number;
  /** Undefined where they do not lie within the packet. */
  readonly value: number | undefined;
}

/** One question that was asked about a packet. */
export interface Step {
  readonly test: Test;
  readonly span: Span | undefined;
  readonly answer: 'true' | 'false' | 'fails';
  /** What was compared; undefined where evaluating it failed. */
  readonly operands: readonly (number | undefined)[];
  readonly readings: readonly Reading[];
}

export interface Trace {
  readonly answer: 'match' | 'no match' | 'outside the packet';
  /** All questions, in order; the last one decided. None where the predicate is a constant. */
  readonly steps: readonly Step[];
}

/** Evaluates a predicate as `evaluate` does, and writes down each step. */
export function trace(predicate: Predicate, packet: Packet, tables: Tables): Trace {
  const variables: number[] = [];
  /** What the value of each variable was read from. */
  const origins: (readonly Reading[])[] = [];
  const failing = exit(drop);
  let node: Node = graphOf(predicate, exit(match), exit(noMatch), failing);
  const steps: Step[] = [];
  for (;;) {
    switch (node.kind) {
      case 'exit': {
        const answers = { match: 'match', 'no-match': 'no match', drop: 'outside the packet' } as const;
        return { answer: answers[node.verdict.kind as keyof typeof answers], steps };
      }
      case 'count':
        node = node.next;
        break;
      case 'assign': {
        const value = evaluateValue(node.value, packet, variables, tables);
        if (value !== undefined) {
          origins[node.index] = readingsOf(node.value, packet, { variables, origins }, tables);
          variables[node.index] = value;
        }
        node = value === undefined ? node.whenFailing : node.next;
        break;
      }
      case 'test': {
        const { test, span } = node;
        const operands = valuesOf(test).map((value) => evaluateValue(value, packet, variables, tables));
        const readings = valuesOf(test).flatMap((value) => readingsOf(value, packet, { variables, origins }, tables));
        const [first, second = 0] = operands;
        const fails = operands.includes(undefined);
        const holds = !fails && decide(test, first as number, second, packet.bytes.length);
        steps.push({ test, span, answer: fails ? 'fails' : holds ? 'true' : 'false', operands, readings });
        node = fails ? node.whenFailing : holds ? node.whenTrue : node.whenFalse;
      }
    }
  }
}

interface Stored {
  readonly variables: readonly number[];
  readonly origins: readonly (readonly Reading[])[];
}

/** The bytes that a value is made of, those that only tell where others lie not among them. */
function readingsOf(value: Value, packet: Packet, stored: Stored, tables: Tables): readonly Reading[] {
  if (value.kind === 'variable') return stored.origins[value.index] ?? [];
  if (value.kind !== 'load') {
    return operandsOf(value).flatMap((operand) => readingsOf(operand, packet, stored, tables));
  }
  const offset = evaluateValue(value.offset, packet, stored.variables, tables);
  if (offset === undefined) return readingsOf(value.offset, packet, stored, tables);
  return [{ offset, size: value.size, value: evaluateValue(value, packet, stored.variables, tables) }];
}
