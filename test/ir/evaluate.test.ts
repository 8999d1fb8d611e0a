import { expect } from 'chai';
import { evaluate, evaluateValue } from '../../src/ir/evaluate.ts';
import { count, exit, graphOf, type Node } from '../../src/ir/graph.ts';
import { wholePacket } from '../../src/ir/packet.ts';
import { and, assigning, not, or, testing, type Predicate } from '../../src/ir/predicate.ts';
import { anyBit, compare, equal, present } from '../../src/ir/test.ts';
import {
  add,
  constant,
  ipv4HeaderLength,
  load,
  lookup,
  metadata,
  packetLength,
  variable,
  type BinaryOperator,
} from '../../src/ir/value.ts';
import type { Tables } from '../../src/ir/table.ts';
import { drop, match, noMatch, pass } from '../../src/ir/verdict.ts';

const bytes = Uint8Array.of(0x45, 0x01, 0x80, 0xff, 0x12, 0x34);

function verdict(predicate: Predicate, packet = wholePacket(bytes)): string {
  return evaluate(graphOf(predicate, exit(match), exit(noMatch), exit(drop)), packet).verdict.kind;
}

describe('ir/evaluate', () => {
  it('reads big-endian numbers of every size', () => {
    const read = (size: 1 | 2 | 4): number | undefined => evaluateValue(load(2, size), wholePacket(bytes), []);
    expect([read(1), read(2), read(4)]).to.deep.equal([0x80, 0x80ff, 0x80ff1234]);
  });

  it('fails a load that ends behind the captured bytes, and nothing earlier', () => {
    expect(verdict(testing(equal(load(2, 4), 0x80ff1234)))).to.equal('match');
    expect(verdict(testing(equal(load(3, 4), 0)))).to.equal('drop');
    expect(verdict(testing(equal(load(0xffff_ffff, 2), 0)))).to.equal('drop');
  });

  it('ends at a failure under not and under or', () => {
    const failing = testing(equal(load(100, 1), 1));
    expect(verdict(not(failing))).to.equal('drop');
    expect(verdict(or(failing, testing(equal(load(0, 1), 0x45))))).to.equal('drop');
    expect(verdict(or(testing(equal(load(0, 1), 0x45)), failing))).to.equal('match');
    expect(verdict(and(testing(equal(load(0, 1), 0x46)), failing))).to.equal('no-match');
  });

  it('computes in 32 unsigned bits, fails on division by zero, shifts everything out', () => {
    const value = (operator: BinaryOperator, left: number, right: number): number | undefined =>
      evaluateValue({ kind: 'binary', operator, left: constant(left), right: constant(right) }, wholePacket(bytes), []);
    expect(value('add', 0xffff_ffff, 2)).to.equal(1);
    expect(value('subtract', 0, 1)).to.equal(0xffff_ffff);
    expect(value('multiply', 0x10001, 0x10001)).to.equal(0x20001);
    expect(value('divide', 0xffff_ffff, 0x8000_0000)).to.equal(1);
    expect(value('divide', 1, 0)).to.equal(undefined);
    expect(value('modulo', 1, 0)).to.equal(undefined);
    expect(value('shift-left', 1, 31)).to.equal(0x8000_0000);
    expect(value('shift-left', 1, 32)).to.equal(0);
    expect(value('shift-right', 0x8000_0000, 33)).to.equal(0);
    expect(value('xor', 0xffff_ffff, 0)).to.equal(0xffff_ffff);
  });

  it('keeps variables, headers of variable length, lengths and metadata apart', () => {
    const packet = { bytes, length: 1500, metadata: { mark: 7 } };
    expect(evaluateValue(ipv4HeaderLength(0), packet, [])).to.equal(20);
    expect(evaluateValue(add(variable(1), 4), packet, [0, 16])).to.equal(20);
    expect(evaluateValue(packetLength, packet, [])).to.equal(1500);
    expect(evaluateValue(metadata('mark'), packet, [])).to.equal(7);
    expect(evaluateValue(metadata('vlan-present'), packet, [])).to.equal(0);
    expect(verdict(and(assigning(3, load(1, 1)), testing(equal(variable(3), 1))))).to.equal('match');
    expect(verdict(assigning(3, load(6, 1)))).to.equal('drop');
  });

  it('answers present with false where a load would fail', () => {
    expect(verdict(testing(present(5, 1)))).to.equal('match');
    expect(verdict(testing(present(6, 0)))).to.equal('match');
    expect(verdict(testing(present(5, 2)))).to.equal('no-match');
    expect(verdict(testing(present(load(100, 1), 0)))).to.equal('drop');
  });

  it('compares unsigned', () => {
    expect(verdict(testing(compare('greater', load(2, 4), 0x7fff_ffff)))).to.equal('match');
    expect(verdict(testing(compare('greater-or-equal', load(2, 4), 0x80ff1234)))).to.equal('match');
    expect(verdict(testing(anyBit(load(2, 4), 0x8000_0000)))).to.equal('match');
    expect(verdict(testing(anyBit(load(2, 4), 0x4000_0000)))).to.equal('no-match');
  });

  it('looks keys up, 0 where there is nothing, and fails where the key does', () => {
    const ports = { name: 'web', space: 'port' } as const;
    const tables: Tables = (table, [port]) => (table.name === 'web' && port === 0x80ff ? 7 : 0);
    const at = (offset: number): number | undefined =>
      evaluateValue(lookup(ports, load(offset, 2)), wholePacket(bytes), [], tables);
    expect([at(2), at(0), at(5)]).to.deep.equal([7, 0, undefined]);
    expect(() => evaluateValue(lookup(ports, constant(1)), wholePacket(bytes), [])).to.throw('web');
  });

  it('counts on the way', () => {
    const entry: Node = count(2, count(0, exit(pass)));
    expect(evaluate(entry, wholePacket(bytes))).to.deep.equal({ verdict: pass, counted: [2, 0] });
  });
});
