import { expect } from 'chai';
import { compile, type SetType } from '../../src/compiler/compile.ts';
import { DiagnosticError } from '../../src/compiler/diagnostic.ts';
import { evaluate } from '../../src/ir/evaluate.ts';
import { exit, graphOf } from '../../src/ir/graph.ts';
import { wholePacket } from '../../src/ir/packet.ts';
import type { TableReference } from '../../src/ir/table.ts';
import { match, noMatch } from '../../src/ir/verdict.ts';
import { systemNames } from '../../src/names/system-names.ts';
import { samplePackets } from '../support/packets.ts';

const sets = new Map<string, SetType>([
  ['office', 'address'],
  ['web', 'port'],
  ['cameras', 'mac'],
]);

/** Elements as numbers of their keys. */
const elements: Readonly<Record<string, readonly string[]>> = {
  'office ipv4': ['167772161'],
  'office ipv6': [[0x20010db8, 0, 0, 1].join()],
  'web port': ['80', '443'],
  'cameras mac': [[0x00112233, 0x4455].join()],
};

function tables(table: TableReference, key: readonly number[]): number {
  return elements[`${table.name} ${table.space}`]?.includes(key.join()) === true ? 1 : 0;
}

function picks(filter: string): readonly string[] {
  const source = { name: 'filter', text: filter };
  const { predicate } = compile(source, { linkType: 'EN10MB', names: systemNames(), sets });
  const entry = graphOf(predicate, exit(match), exit(noMatch), exit(noMatch));
  return samplePackets('EN10MB')
    .filter(({ bytes }) => evaluate(entry, wholePacket(bytes), tables).verdict.kind === 'match')
    .map(({ bytes }) => Buffer.from(bytes).toString('hex'));
}

describe('sets', () => {
  it('mean any of their elements, wherever a value may stand', () => {
    const pairs: Readonly<Record<string, string>> = {
      'host @office': 'host 10.0.0.1 or host 2001:db8::1',
      'src net @office': 'src host 10.0.0.1 or src host 2001:db8::1',
      'ip src or dst host @office': 'ip src or dst host 10.0.0.1',
      'ip6 src host @office': 'ip6 src host 2001:db8::1',
      'arp host @office': 'arp host 10.0.0.1',
      'tcp dst port @web': 'tcp dst port 80 or 443',
      'port (@web or 53)': 'port 80 or 443 or 53',
      'not portrange @web': 'not (port 80 or 443)',
      'ether src @cameras': 'ether src 00:11:22:33:44:55',
      'src host 10.0.0.2 or @office': 'src host 10.0.0.2 or src host 10.0.0.1 or src host 2001:db8::1',
    };
    for (const [filter, same] of Object.entries(pairs)) {
      expect(picks(filter), filter).to.deep.equal(picks(same)).and.not.to.deep.equal([]);
    }
  });

  it('must be known, of the right type, and qualified', () => {
    for (const filter of [
      'host @nobody',
      'port @office',
      'host @web',
      'ether host @office',
      'ip proto @web',
      '@web',
      'udp host @office',
      'arp port @web',
    ]) {
      expect(() => picks(filter), filter).to.throw(DiagnosticError);
    }
  });
});
