import { expect } from 'chai';
import {
  canHold,
  decodeEntries,
  encodeElements,
  encodeKeys,
  setPorts,
  type StoredElement,
} from '../../src/ebpf/table-entry.ts';
import { tableLayout, tableMapSpec, type TableShape } from '../../src/ebpf/table-map.ts';
import type { TableElement } from '../../src/ir/table-contents.ts';
import type { KeySpace } from '../../src/ir/table.ts';

const network: TableElement = { kind: 'network', address: Uint8Array.of(10, 1, 2, 0), prefixLength: 24 };
const host: TableElement = { kind: 'network', address: Uint8Array.of(10, 1, 2, 3), prefixLength: 32 };
const mac: TableElement = { kind: 'mac', address: Uint8Array.of(1, 2, 3, 4, 5, 6) };
const ports: TableElement = { kind: 'ports', first: 443, last: 445 };

function bytesOf(space: KeySpace, shape: TableShape, stored: StoredElement): readonly (readonly [string, string])[] {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  return encodeElements(tableLayout(space, shape), [stored]).map(({ key, value }) => [hex(key), hex(value)]);
}

describe('entries of tables', () => {
  it('lie in maps as programs ask for them', () => {
    expect(bytesOf('ipv4', {}, { element: network })).to.deep.equal([['180000000a010200', '01000000']]);
    expect(bytesOf('ipv4', { hostsOnly: true }, { element: host, number: 7 })).to.deep.equal([
      ['0a010203', '07000000'],
    ]);
    expect(bytesOf('ipv4', { expiring: true }, { element: network, expires: 0x0102030405n })).to.deep.equal([
      ['180000000a010200', '05040302010000001800000001000000'],
    ]);
    expect(bytesOf('mac', {}, { element: mac })).to.deep.equal([['0102030405060000', '01000000']]);
    expect(bytesOf('port', { expiring: true }, { element: { kind: 'ports', first: 443, last: 443 } })).to.deep.equal([
      ['01bb0000', '00000000000000000000000001000000'],
    ]);
    const [bitmap] = encodeElements(tableLayout('port'), [{ element: ports }]);
    expect([...(bitmap?.value ?? []).entries()].filter(([, byte]) => byte !== 0)).to.deep.equal([[55, 0b00111000]]);
  });

  it('are read back, ports of a bitmap as the longest ranges', () => {
    const roundTrip = (space: KeySpace, shape: TableShape, stored: StoredElement): readonly StoredElement[] => {
      const layout = tableLayout(space, shape);
      return decodeEntries(layout, encodeElements(layout, [stored]));
    };
    expect(roundTrip('ipv4', {}, { element: network, number: 9 })).to.deep.equal([{ element: network, number: 9 }]);
    const ending = { element: mac, number: 1, expires: 77n };
    expect(roundTrip('mac', { expiring: true }, ending)).to.deep.equal([ending]);
    expect(roundTrip('ipv4', { hostsOnly: true }, { element: host })).to.deep.equal([{ element: host, number: 1 }]);
    expect(roundTrip('port', {}, { element: ports })).to.deep.equal([{ element: ports }]);
    expect(roundTrip('port', {}, { element: { kind: 'ports', first: 0, last: 65535 } })).to.have.length(1);
    expect(roundTrip('port', { expiring: true }, { element: ports }).map(({ element }) => element)).to.deep.equal(
      [443, 444, 445].map((port) => ({ kind: 'ports', first: port, last: port })),
    );
  });

  it('have one key for a network however its host bits are set', () => {
    const layout = tableLayout('ipv4');
    const written: TableElement = { kind: 'network', address: Uint8Array.of(10, 1, 2, 3), prefixLength: 24 };
    expect(encodeKeys(layout, written)).to.deep.equal(encodeKeys(layout, network));
  });

  it('change single bits of a bitmap', () => {
    const bits = new Uint8Array(8192).fill(0xff);
    setPorts(bits, [ports], false);
    expect(decodeEntries(tableLayout('port'), [{ key: new Uint8Array(4), value: bits }])).to.deep.equal([
      { element: { kind: 'ports', first: 0, last: 442 } },
      { element: { kind: 'ports', first: 446, last: 65535 } },
    ]);
  });

  it('are refused where the table cannot hold them', () => {
    expect(canHold(tableLayout('ipv4'), network)).to.equal(true);
    expect(canHold(tableLayout('ipv6'), network)).to.equal(false);
    expect(canHold(tableLayout('ipv4', { hostsOnly: true }), network)).to.equal(false);
    expect(() => bytesOf('ipv4', { hostsOnly: true }, { element: network })).to.throw(RangeError);
    expect(() => bytesOf('ipv4', {}, { element: network, expires: 1n })).to.throw(RangeError);
    expect(() => bytesOf('port', {}, { element: mac })).to.throw(RangeError);
  });

  it('are in a map of maps where the table can be swapped', () => {
    const layout = tableLayout('ipv6', { swappable: true, maxEntries: 7 });
    const spec = tableMapSpec({ table: { name: 'a', space: 'ipv6' }, map: 't0_a', layout });
    expect(spec).to.deep.include({ name: 't0_a', type: 'array-of-maps', maxEntries: 1 });
    expect(spec.innerMap).to.deep.include({ type: 'lpm-trie', keySize: 20, valueSize: 4, maxEntries: 7, flags: 1 });
  });
});
