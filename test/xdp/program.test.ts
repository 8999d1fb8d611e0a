import { expect } from 'chai';
import { createInterpreter, interpret } from '../../src/ebpf/interpret/interpret.ts';
import { createMaps } from '../../src/ebpf/interpret/maps.ts';
import { count, exit, type Graph, type Node } from '../../src/ir/graph.ts';
import { wholePacket } from '../../src/ir/packet.ts';
import { testing } from '../../src/ir/predicate.ts';
import { equal } from '../../src/ir/test.ts';
import { load, metadata } from '../../src/ir/value.ts';
import { drop, match, noMatch, pass, type Verdict } from '../../src/ir/verdict.ts';
import { generateXdp, xdpAction } from '../../src/xdp/program.ts';
import { filter } from '../ebpf/generate/graphs.ts';

const packet = { ...wholePacket(new Uint8Array(60)), metadata: { 'interface-index': 7 } };

function verdictOf(entry: Node, options?: Parameters<typeof generateXdp>[1]): ReturnType<typeof interpret> {
  const program = generateXdp({ linkType: 'EN10MB', entry }, options);
  return interpret(createInterpreter(program), packet, { maps: createMaps(program) });
}

describe('XDP programs', () => {
  const codes: readonly (readonly [Verdict, number])[] = [
    [pass, xdpAction.XDP_PASS],
    [drop, xdpAction.XDP_DROP],
    [{ kind: 'transmit' }, xdpAction.XDP_TX],
    [match, xdpAction.XDP_DROP],
    [noMatch, xdpAction.XDP_PASS],
  ];
  for (const [verdict, code] of codes) {
    it(`return ${code} for ${verdict.kind}`, () => {
      expect(verdictOf(exit(verdict)).returnValue).to.equal(code);
      expect(verdictOf(count(0, exit(verdict))).returnValue).to.equal(code);
    });
  }

  it('redirect to an interface', () => {
    const run = verdictOf(count(0, exit({ kind: 'redirect', interfaceIndex: 9 })));
    expect(run).to.include({ returnValue: xdpAction.XDP_REDIRECT, redirectedTo: 9 });
  });

  it('do with a bare filter what the caller says', () => {
    const actions = { match: pass, 'no-match': drop } as const;
    expect(verdictOf(exit(match), { filter: actions }).returnValue).to.equal(xdpAction.XDP_PASS);
    expect(verdictOf(exit(noMatch), { filter: actions }).returnValue).to.equal(xdpAction.XDP_DROP);
  });

  it('know the interface, and no tag beside the bytes', () => {
    const answer = (graph: Graph): number => verdictOf(graph.entry).returnValue;
    expect(answer(filter(testing(equal(metadata('interface-index'), 7))))).to.equal(xdpAction.XDP_DROP);
    expect(answer(filter(testing(equal(metadata('vlan-present'), 0))))).to.equal(xdpAction.XDP_DROP);
  });

  it('have room for as many counters as asked', () => {
    expect(generateXdp({ linkType: 'EN10MB', entry: count(3, exit(pass)) }).maps).to.have.nested.property(
      '[0].maxEntries',
      4,
    );
    const program = generateXdp({ linkType: 'EN10MB', entry: exit(pass) }, { counters: 9 });
    expect(program.maps).to.deep.equal([
      { name: 'counters', type: 'percpu-array', keySize: 4, valueSize: 16, maxEntries: 9, flags: 0 },
    ]);
    expect(generateXdp(filter(testing(equal(load(0, 1), 0)))).maps).to.deep.equal([]);
  });
});
