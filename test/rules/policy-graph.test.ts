import { expect } from 'chai';
import { checkGraph } from '../../src/ir/check.ts';
import { evaluate } from '../../src/ir/evaluate.ts';
import { wholePacket } from '../../src/ir/packet.ts';
import { not, testing } from '../../src/ir/predicate.ts';
import { equal } from '../../src/ir/test.ts';
import { load } from '../../src/ir/value.ts';
import { filterPolicy } from '../../src/rules/filter-policy.ts';
import { counterNames, type Policy, type FilterAction } from '../../src/rules/policy.ts';
import { policyGraph } from '../../src/rules/policy-graph.ts';

const firstByteIs = (value: number) => testing(equal(load(0, 1), value));
const policyOf = (rules: readonly (readonly [string, ReturnType<typeof firstByteIs>, FilterAction])[]): Policy => ({
  name: 'test',
  linkType: 'LINUX_SLL',
  rules: rules.map(([name, match, action]) => ({ name, match, action })),
  defaultAction: 'drop',
});

/** Verdict and the names of the counters. */
function outcome(policy: Policy, ...bytes: number[]): readonly string[] {
  const graph = policyGraph(policy, { counters: true });
  const names = counterNames(policy);
  expect(checkGraph(graph, names.length)).to.deep.equal([]);
  const { verdict, counted } = evaluate(graph.entry, wholePacket(Uint8Array.from(bytes)));
  return [verdict.kind, ...counted.map((index) => names[index] as string)];
}

describe('rules/policy-graph', () => {
  it('tries the rules in order; counting goes on, the rest ends', () => {
    const policy = policyOf([
      ['seen', firstByteIs(1), 'count'],
      ['one', firstByteIs(1), 'pass'],
      ['one again', firstByteIs(1), 'drop'],
      ['two', firstByteIs(2), 'count'],
    ]);
    expect(outcome(policy, 1)).to.deep.equal(['pass', 'seen', 'one']);
    expect(outcome(policy, 2)).to.deep.equal(['drop', 'two', 'default']);
    expect(outcome(policy, 3)).to.deep.equal(['drop', 'default']);
  });

  it('goes on to the next rule where a load lies outside the packet, also under not', () => {
    const outside = testing(equal(load(9, 1), 1));
    const policy = policyOf([
      ['outside', not(outside), 'drop'],
      ['one', firstByteIs(1), 'pass'],
    ]);
    expect(outcome(policy, 1)).to.deep.equal(['pass', 'one']);
  });

  it('counts what no rule ends as malformed where a header is cut off', () => {
    const policy: Policy = { ...policyOf([]), linkType: 'RAW' };
    expect(outcome(policy, 0x45, 0)).to.deep.equal(['drop', 'malformed']);
    expect(outcome(policy, 0x35, 0)).to.deep.equal(['drop', 'default']);
  });

  it('needs no malformed question without counters', () => {
    const graph = policyGraph({ ...policyOf([]), linkType: 'RAW' }, { counters: false });
    expect(graph.entry).to.deep.equal({ kind: 'exit', verdict: { kind: 'drop' } });
  });
});

describe('rules/filter-policy', () => {
  const verdicts = (action: FilterAction): readonly (readonly string[])[] => {
    const policy = filterPolicy('LINUX_SLL', firstByteIs(1), action);
    return [outcome(policy, 1), outcome(policy, 2)];
  };

  it('drop drops what matches, pass drops the rest, count drops nothing', () => {
    expect(verdicts('drop')).to.deep.equal([
      ['drop', 'match'],
      ['pass', 'default'],
    ]);
    expect(verdicts('pass')).to.deep.equal([
      ['pass', 'match'],
      ['drop', 'default'],
    ]);
    expect(verdicts('count')).to.deep.equal([
      ['pass', 'match', 'default'],
      ['pass', 'default'],
    ]);
  });
});
