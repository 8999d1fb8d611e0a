import type { Node, TestNode } from '../ir/graph.ts';
import { tableKey, type TableReference } from '../ir/table.ts';
import type { CompareOperator, Test } from '../ir/test.ts';
import type { MetadataField, Value } from '../ir/value.ts';
import { expressionOf, type ExpressionContext } from './expression.ts';
import { reachOf } from './reach.ts';

/** How to get to another node, as a statement. */
export interface Jumps {
  /** From anywhere in a node. */
  to(target: Node): string;
  /** From the end of a node: '' for the node that follows anyway. */
  onTo(target: Node): string;
}

/** What the statements made so far want declared. */
export interface Declarations {
  /** The most temporaries that one node uses, `t0 …`; the next node uses them again. */
  temporaries: number;
  /** The name of the column for each metadata field that is asked for. */
  readonly columns: Map<MetadataField, string>;
  /** The tables that are asked, by their place in `references`. */
  readonly tables: TableReference[];
}

/**
 * A node as statements, its jumps included.
 * @param certain captured bytes that need no check any more
 */
export function statementsOf(node: Node, certain: number, jumps: Jumps, declarations: Declarations): string {
  switch (node.kind) {
    case 'exit':
      return jumps.to(node);
    case 'count':
      return lines(`packets[${node.counter}]++;`, `bytes[${node.counter}] += n;`, jumps.onTo(node.next));
    case 'assign': {
      const before = checkReach(node, certain, jumps.to(node.whenFailing));
      const text = valueWriter(jumps.to(node.whenFailing), before, declarations);
      const expression = text(node.value);
      return lines(...before, `x${node.index} = ${expression};`, jumps.onTo(node.next));
    }
    case 'test': {
      const before = checkReach(node, certain, jumps.to(node.whenFailing));
      const text = valueWriter(jumps.to(node.whenFailing), before, declarations);
      const branch = branchOf(node, conditionsOf(node.test, text), jumps);
      return lines(...before, branch);
    }
  }
}

function checkReach(node: Node, certain: number, fail: string): string[] {
  const reach = reachOf(node);
  return reach <= certain ? [] : [`if (c < ${reach}) ${fail}`];
}

/** Writes values as expressions and what must run first into `before`. */
function valueWriter(fail: string, before: string[], declarations: Declarations): (value: Value) => string {
  let temporaries = 0;
  const context: ExpressionContext = {
    before: (statement) => before.push(statement),
    temporary() {
      const name = `t${temporaries++}`;
      declarations.temporaries = Math.max(declarations.temporaries, temporaries);
      return name;
    },
    fail,
    column: (field) => columnName(field, declarations),
    table: (table) => tableName(table, declarations),
  };
  return (value) => expressionOf(value, context);
}

function columnName(field: MetadataField, { columns }: Declarations): string {
  const name = columns.get(field) ?? `m${columns.size}`;
  columns.set(field, name);
  return name;
}

function tableName(table: TableReference, { tables }: Declarations): string {
  const known = tables.findIndex((each) => tableKey(each) === tableKey(table));
  const index = known >= 0 ? known : tables.push(table) - 1;
  return `references[${index}]`;
}

function branchOf(node: TestNode, [condition, opposite]: Conditions, jumps: Jumps): string {
  const whenTrue = jumps.onTo(node.whenTrue);
  const whenFalse = jumps.onTo(node.whenFalse);
  if (node.whenTrue === node.whenFalse) return whenTrue;
  if (whenTrue === '') return `if (${opposite}) ${whenFalse}`;
  if (whenFalse === '') return `if (${condition}) ${whenTrue}`;
  return lines(`if (${condition}) ${whenTrue}`, whenFalse);
}

const comparisons: Readonly<Record<CompareOperator, readonly [string, string]>> = {
  equal: ['===', '!=='],
  greater: ['>', '<='],
  'greater-or-equal': ['>=', '<'],
};

type Conditions = readonly [condition: string, opposite: string];

function conditionsOf(test: Test, text: (value: Value) => string): Conditions {
  switch (test.kind) {
    case 'compare': {
      const left = text(test.left);
      const right = text(test.right);
      const [operator, opposite] = comparisons[test.operator];
      return [`${left} ${operator} ${right}`, `${left} ${opposite} ${right}`];
    }
    case 'any-bit': {
      const bits = `(${text(test.value)} & ${text(test.mask)})`;
      return [`${bits} !== 0`, `${bits} === 0`];
    }
    case 'present': {
      const end = `${text(test.offset)} + ${test.size}`;
      return [`${end} <= c`, `${end} > c`];
    }
  }
}

function lines(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('\n');
}
