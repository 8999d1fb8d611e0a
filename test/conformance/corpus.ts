import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Names } from '../../src/compiler/names.ts';
import type { LinkType } from '../../src/ir/link-type.ts';
import { namesFrom } from '../../src/names/name-files.ts';

/** The collected material: expressions of libpcap's own tests, filters of many origins, packets, names. */

/** One line of libpcap's tests. */
export interface TestLine {
  readonly dlt: LinkType;
  readonly expr: string;
  readonly expect: 'accept' | 'reject';
  /** The listing of the unoptimised program of libpcap's development version. */
  readonly unopt?: string;
  readonly netmask?: string;
  /** The listing is live code for Linux. */
  readonly linuxext?: boolean;
  /** The tables of names that the line wants; only pktf can be given them. */
  readonly needs?: readonly string[];
  readonly errstr?: string;
}

/** One filter applied to a capture: what the program returns for each packet. */
export interface ApplyLine {
  readonly expr: string;
  readonly savefile: string;
  readonly netmask?: string;
  readonly results: readonly number[];
}

export interface CorpusFilter {
  readonly expr: string;
  readonly expect: string;
  /** Instructions of libpcap's optimised program. */
  readonly insns?: number;
  /** Of the eBPF that cbpfc makes of it; something else where it makes none. */
  readonly cbpfc_ebpf_insns?: unknown;
}

export interface CorpusPacket {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly wireLength: number;
}

export function testLines(corpus: string): readonly TestLine[] {
  return jsonLines(join(corpus, 'libpcap-testrun.jsonl')) as readonly TestLine[];
}

export function applyLines(corpus: string): readonly ApplyLine[] {
  return jsonLines(join(corpus, 'libpcap-apply.jsonl')) as readonly ApplyLine[];
}

export function corpusFilters(corpus: string): readonly CorpusFilter[] {
  return jsonLines(join(corpus, 'filters.jsonl')) as readonly CorpusFilter[];
}

export function corpusPackets(corpus: string): readonly CorpusPacket[] {
  const lines = jsonLines(join(corpus, 'packets.jsonl')) as readonly { name: string; wirelen: number; hex: string }[];
  return lines.map((line) => ({
    name: line.name,
    bytes: Uint8Array.from(Buffer.from(line.hex, 'hex')),
    wireLength: line.wirelen,
  }));
}

function jsonLines(path: string): readonly unknown[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as unknown);
}

/** The names that the tests assume, beside the services and protocols of this system. */
export function corpusNames(corpus: string): Names {
  const tables = JSON.parse(readFileSync(join(corpus, 'names.json'), 'utf8')) as {
    readonly hosts: readonly { readonly address: string; readonly name: string }[];
    readonly ethers: readonly { readonly mac: string; readonly name: string }[];
    readonly networks: readonly { readonly name: string; readonly network: string }[];
  };
  return namesFrom((file) => {
    switch (file) {
      case 'hosts':
        return tables.hosts.map(({ address, name }) => `${address} ${name}`).join('\n');
      case 'ethers':
        return tables.ethers.map(({ mac, name }) => `${mac} ${name}`).join('\n');
      case 'networks':
        return tables.networks.map(({ name, network }) => `${name} ${network}`).join('\n');
      case 'services':
      case 'protocols':
        return readFileSync(`/etc/${file}`, 'utf8');
    }
  });
}

/** A dotted netmask in host order; all ones stand for an unknown one, as in libpcap's API. */
export function netmaskOf(line: { readonly netmask?: string }): { readonly netmask?: number } {
  const mask = line.netmask?.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
  return mask === undefined || mask === 0xffffffff ? {} : { netmask: mask };
}
