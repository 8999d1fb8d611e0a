import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { compile } from '../../src/compiler/compile.ts';
import { evaluate } from '../../src/ir/evaluate.ts';
import { exit, graphOf, type Node } from '../../src/ir/graph.ts';
import { linkTypes, type LinkType } from '../../src/ir/link-type.ts';
import { match, noMatch } from '../../src/ir/verdict.ts';
import { systemNames } from '../../src/names/system-names.ts';
import { loadLibpcap, LibpcapError, type Libpcap } from '../support/libpcap.ts';
import { samplePackets } from '../support/packets.ts';
import { requireOrSkip } from '../support/require.ts';

const names = systemNames();

function graph(filter: string, linkType: LinkType): Node {
  const { predicate } = compile({ name: 'filter', text: filter }, { linkType, names });
  return graphOf(predicate, exit(match), exit(noMatch), exit(noMatch));
}

function filtersOf(file: string): readonly string[] {
  return JSON.parse(readFileSync(new URL(`../../../test/filters/${file}`, import.meta.url), 'utf8')) as string[];
}

/** What differs between pktf and libpcap's unoptimised program, on all sample packets cut off at every length. */
function differences(libpcap: Libpcap, filter: string, linkType: LinkType): readonly string[] {
  let expected;
  try {
    expected = libpcap.compile(filter, linkType);
  } catch (error) {
    if (!(error instanceof LibpcapError)) throw error;
    // What libpcap rejects has no meaning to compare with; the diagnostics have tests of their own.
    return [];
  }
  const found: string[] = [];
  const entry = graph(filter, linkType);
  for (const { name, bytes } of samplePackets(linkType)) {
    for (let captured = 0; captured <= bytes.length; captured++) {
      const packet = { bytes: bytes.subarray(0, captured), length: bytes.length };
      const ours = evaluate(entry, packet).verdict.kind === 'match';
      const theirs = expected.run(packet.bytes, packet.length) !== 0;
      if (ours !== theirs)
        found.push(`${linkType} '${filter}': ${name}, ${captured} bytes: libpcap says ${String(theirs)}`);
    }
  }
  expected.free();
  return found;
}

describe('compiled filters mean what libpcap means', function () {
  this.timeout(120_000);
  let libpcap: Libpcap;

  before(function () {
    const loaded = loadLibpcap();
    requireOrSkip(this, 'libpcap', loaded.libpcap !== undefined, loaded.reason);
    libpcap = loaded.libpcap as Libpcap;
  });

  for (const file of ['subset.json', 'language.json']) {
    for (const { name: linkType } of linkTypes) {
      it(`${file} on ${linkType}, packets cut off at every length`, () => {
        const found = filtersOf(file).flatMap((filter) => differences(libpcap, filter, linkType));
        expect(found.slice(0, 20)).to.deep.equal([]);
      });
    }
  }

  it('NULL headers in the byte order of a machine of the other kind', () => {
    const sample = samplePackets('NULL').map(({ bytes }) => {
      const swapped = bytes.slice();
      swapped.subarray(0, 4).reverse();
      return swapped;
    });
    for (const filter of ['ip', 'ip6', 'not ip', 'tcp port 80', 'host 10.0.0.1 or 2001:db8::1']) {
      const expected = libpcap.compile(filter, 'NULL', { fileOrder: 'big-endian' });
      const entry = graph(filter, 'NULL');
      const ours = sample.map((bytes) => evaluate(entry, { bytes, length: bytes.length }).verdict.kind === 'match');
      expect(ours, filter).to.deep.equal(sample.map((bytes) => expected.run(bytes) !== 0));
      expected.free();
    }
  });

  it('ip broadcast for every netmask', () => {
    for (const netmask of [0, 0xff000000, 0xffffff00, 0xfffffffc, 0xfffffffe]) {
      const expected = libpcap.compile('ip broadcast', 'EN10MB', { netmask });
      const { predicate } = compile({ name: 'filter', text: 'ip broadcast' }, { linkType: 'EN10MB', names, netmask });
      const entry = graphOf(predicate, exit(match), exit(noMatch), exit(noMatch));
      for (const { name, bytes } of samplePackets('EN10MB')) {
        const ours = evaluate(entry, { bytes, length: bytes.length }).verdict.kind === 'match';
        expect(ours, `${name} with ${netmask}`).to.equal(expected.run(bytes) !== 0);
      }
      expected.free();
    }
  });
});
