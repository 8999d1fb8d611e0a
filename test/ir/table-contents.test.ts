import { expect } from 'chai';
import fc from 'fast-check';
import { intervalsOf, tablesOf, type TableElement } from '../../src/ir/table-contents.ts';

function network(text: string): TableElement {
  const [address = '', length] = text.split('/');
  return { kind: 'network', address: Uint8Array.from(address.split('.').map(Number)), prefixLength: Number(length) };
}

describe('contents of tables', () => {
  it('as intervals: sorted, none overlapping another', () => {
    const networks = ['10.1.0.0/16', '10.0.0.0/8', '192.0.2.1/32', '9.255.255.255/32'].map(network);
    expect(intervalsOf('ipv4', networks)).to.deep.equal([
      { first: [0x09ffffff], last: [0x09ffffff] },
      { first: [0x0a000000], last: [0x0affffff] },
      { first: [0xc0000201], last: [0xc0000201] },
    ]);
    expect(intervalsOf('ipv4', [network('0.0.0.0/0')])).to.deep.equal([{ first: [0], last: [0xffffffff] }]);
    const address = Uint8Array.from({ length: 16 }, (_, index) => index);
    expect(intervalsOf('ipv6', [{ kind: 'network', address, prefixLength: 49 }])).to.deep.equal([
      { first: [0x00010203, 0x04050000, 0, 0], last: [0x00010203, 0x04057fff, 0xffffffff, 0xffffffff] },
    ]);
    expect(intervalsOf('mac', [{ kind: 'mac', address: address.slice(0, 6) }])).to.deep.equal([
      { first: [0x00010203, 0x0405], last: [0x00010203, 0x0405] },
    ]);
  });

  it('answer lookups with what the elements of the right space cover', () => {
    const port = fc.nat(200);
    const range = fc.tuple(port, port).map(([a, b]): TableElement & { kind: 'ports' } => {
      return { kind: 'ports', first: Math.min(a, b), last: Math.max(a, b) };
    });
    fc.assert(
      fc.property(fc.array(range, { maxLength: 6 }), (ranges) => {
        const tables = tablesOf(new Map([['set', [...ranges, network('0.0.0.0/0')]]]));
        for (let asked = 0; asked <= 201; asked++) {
          const covered = ranges.some(({ first, last }) => first <= asked && asked <= last);
          expect(tables({ name: 'set', space: 'port' }, [asked])).to.equal(covered ? 1 : 0);
        }
        expect(tables({ name: 'set', space: 'ipv4' }, [7])).to.equal(1);
        expect(tables({ name: 'set', space: 'ipv6' }, [0, 0, 0, 7])).to.equal(0);
      }),
    );
  });

  it('are an error where nobody says them', () => {
    expect(() => tablesOf(new Map())({ name: 'office', space: 'ipv4' }, [1])).to.throw('office');
  });
});
