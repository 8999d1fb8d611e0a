import type { Node } from '../../ir/graph.ts';
import { valuesOf } from '../../ir/test.ts';
import { operandsOf, type Value } from '../../ir/value.ts';
import type { PacketAccess } from '../hook-shape.ts';
import { addressOf, baseKey, farthest } from './address.ts';

/**
 * How many bytes must be readable behind each base (the packet's start is the base `''`). A base that is missing
 * needs none.
 */
export type Needs = ReadonlyMap<string, number>;

/** The values that a node evaluates. */
export function nodeValues(node: Node): readonly Value[] {
  if (node.kind === 'test') return valuesOf(node.test);
  return node.kind === 'assign' ? [node.value] : [];
}

/** What a node itself reads. */
export function needsOf(node: Node): Needs {
  const needs = new Map<string, number>();
  if (node.kind === 'test' && node.test.kind === 'present') addNeed(needs, node.test.offset, node.test.size);
  for (const value of nodeValues(node)) addNeedsOf(needs, value);
  return needs;
}

function addNeedsOf(needs: Map<string, number>, value: Value): void {
  if (value.kind === 'load') addNeed(needs, value.offset, value.size);
  for (const operand of operandsOf(value)) addNeedsOf(needs, operand);
}

function addNeed(needs: Map<string, number>, offset: Value, size: number): void {
  const { base, displacement } = addressOf(offset);
  const key = baseKey(base);
  needs.set(key, Math.max(needs.get(key) ?? 0, displacement + size));
}

/** Whether all that a node reads lies where direct access is possible and allowed. */
export function isDirect(needs: Needs, access: PacketAccess = 'anywhere'): boolean {
  for (const [base, end] of needs) {
    if (end > farthest || (base !== baseKey(undefined) && access === 'constant-offsets')) return false;
  }
  return true;
}
