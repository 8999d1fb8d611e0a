import { expect } from 'chai';
import { createInterpreter, interpret } from '../../src/ebpf/interpret/interpret.ts';
import { createMaps } from '../../src/ebpf/interpret/maps.ts';
import { count, exit, type Node } from '../../src/ir/graph.ts';
import type { Packet } from '../../src/ir/packet.ts';
import { and, testing } from '../../src/ir/predicate.ts';
import { equal } from '../../src/ir/test.ts';
import { load, metadata } from '../../src/ir/value.ts';
import { drop, match, noMatch, pass, type Verdict } from '../../src/ir/verdict.ts';
import { showTagInMetadata } from '../../src/ir/view.ts';
import { systemNames } from '../../src/names/system-names.ts';
import { compileFilter, hookProgram, policyOfFilter, type EbpfHook } from '../../src/pipeline.ts';
import { generateTc, tcAction, type TcOptions } from '../../src/tc/program.ts';
import { filter } from '../ebpf/generate/graphs.ts';

const packet: Packet = {
  bytes: new Uint8Array(60),
  length: 60,
  metadata: { 'interface-index': 7, 'vlan-present': 1, 'vlan-tci': 0x2064, 'vlan-protocol': 0x8100, mark: 0xffffffff },
};

interface Outcome {
  readonly returnValue: number;
  readonly redirectedTo: number | undefined;
  /** Packets and bytes of counter 0. */
  readonly counted: readonly [bigint, bigint];
}

function outcomeOf(entry: Node, options: TcOptions & { segments?: number; packet?: Packet } = {}): Outcome {
  const { segments = 0, packet: given = packet, ...rest } = options;
  const program = generateTc({ linkType: 'EN10MB', entry }, { counters: 1, ...rest });
  const maps = createMaps(program);
  const run = interpret(createInterpreter(program), given, { maps, segments });
  const value = maps.get('counters')?.lookup(new Uint8Array(4)) as Uint8Array;
  const view = new DataView(value.buffer);
  return { ...run, counted: [view.getBigUint64(0, true), view.getBigUint64(8, true)] };
}

describe('TC programs', () => {
  const codes: readonly (readonly [Verdict, number])[] = [
    [pass, tcAction.TC_ACT_UNSPEC],
    [drop, tcAction.TC_ACT_SHOT],
    [match, tcAction.TC_ACT_SHOT],
    [noMatch, tcAction.TC_ACT_UNSPEC],
  ];
  for (const [verdict, code] of codes) {
    it(`return ${code} for ${verdict.kind}`, () => {
      expect(outcomeOf(exit(verdict)).returnValue).to.equal(code);
      expect(outcomeOf(count(0, exit(verdict))).returnValue).to.equal(code);
    });
  }

  it('redirect to an interface, and back to the one of the packet', () => {
    const redirect = exit({ kind: 'redirect', interfaceIndex: 9 });
    const expected = { returnValue: tcAction.TC_ACT_REDIRECT, redirectedTo: 9 };
    expect(outcomeOf(count(0, redirect))).to.include(expected);
    expect(outcomeOf(count(0, exit({ kind: 'transmit' })))).to.include({ ...expected, redirectedTo: 7 });
  });

  it('count the segments of a merged packet, and the tag beside the bytes', () => {
    const entry = count(0, exit(pass));
    const untagged = { ...packet, metadata: {} };
    expect(outcomeOf(entry, { packet: untagged }).counted).to.deep.equal([1n, 60n]);
    expect(outcomeOf(entry).counted).to.deep.equal([1n, 64n]);
    expect(outcomeOf(entry, { segments: 43 }).counted).to.deep.equal([43n, 64n]);
  });

  it('count on the way and go on', () => {
    const entry = count(0, filter(testing(equal(load(12, 2), 0))).entry);
    expect(outcomeOf(entry)).to.deep.include({ returnValue: tcAction.TC_ACT_SHOT, counted: [1n, 64n] });
  });

  it('know what the kernel knows of a packet', () => {
    const holds = (
      field: Parameters<typeof metadata>[0],
      value: number,
      direction?: TcOptions['direction'],
    ): boolean => {
      const { entry } = filter(testing(equal(metadata(field), value)));
      return outcomeOf(entry, direction === undefined ? {} : { direction }).returnValue === tcAction.TC_ACT_SHOT;
    };
    expect(holds('vlan-present', 1)).to.equal(true);
    expect(holds('vlan-tci', 0x2064)).to.equal(true);
    expect(holds('vlan-protocol', 0x8100)).to.equal(true);
    expect(holds('interface-index', 7)).to.equal(true);
    expect(holds('mark', 0xffffffff)).to.equal(true);
    expect(holds('direction-outgoing', 0)).to.equal(true);
    expect(holds('direction-outgoing', 1, 'egress')).to.equal(true);
    expect(holds('mark', 0)).to.equal(false);
  });

  it('see the frame of the wire where its tag is in metadata', () => {
    const tag = and(
      testing(equal(load(12, 2), 0x8100)),
      testing(equal(load(14, 2), 0x2064)),
      testing(equal(load(16, 2), 0x0800)),
    );
    const bytes = new Uint8Array(60);
    bytes.set([0x08, 0x00], 12);
    const graph = showTagInMetadata(filter(tag));
    expect(outcomeOf(graph.entry, { packet: { ...packet, bytes } }).returnValue).to.equal(tcAction.TC_ACT_SHOT);
    const inBytes = { bytes: new Uint8Array(60), length: 60 };
    inBytes.bytes.set([0x81, 0x00, 0x20, 0x64, 0x08, 0x00], 12);
    expect(outcomeOf(graph.entry, { packet: inBytes }).returnValue).to.equal(tcAction.TC_ACT_SHOT);
    expect(outcomeOf(graph.entry, { packet: { ...inBytes, metadata: { 'vlan-present': 1 } } }).returnValue).to.equal(
      -1,
    );
  });

  it('of a filter know from their hook which way the packet goes', () => {
    const verdictOf = (text: string, hook: EbpfHook): number => {
      const filterOf = compileFilter(
        { name: 'filter', text },
        { linkType: 'EN10MB', names: systemNames(), live: true },
      );
      const { program } = hookProgram(policyOfFilter(filterOf, 'drop'), { hook, counters: false });
      return interpret(createInterpreter(program), packet, { maps: createMaps(program) }).returnValue;
    };
    expect(verdictOf('outbound', 'tc-egress')).to.equal(tcAction.TC_ACT_SHOT);
    expect(verdictOf('inbound', 'tc-egress')).to.equal(tcAction.TC_ACT_UNSPEC);
    expect(verdictOf('outbound', 'tc')).to.equal(tcAction.TC_ACT_UNSPEC);
    expect(verdictOf('inbound', 'tc')).to.equal(tcAction.TC_ACT_SHOT);
  });
});
