import { expect } from 'chai';
import { checkGraph } from '../../src/ir/check.ts';
import { evaluate } from '../../src/ir/evaluate.ts';
import { wholePacket } from '../../src/ir/packet.ts';
import { counterNames, type Policy } from '../../src/rules/policy.ts';
import { policyGraph } from '../../src/rules/policy-graph.ts';
import { tablesOfSets } from '../../src/rules/tables.ts';
import { samplePackets } from '../support/packets.ts';
import { policyAt } from '../support/policy.ts';
import { readText } from './policy-text.ts';

/** The same rules without anything found out before them: each looks for tags and transport headers by itself. */
function eachByItself({ sharedHeaders: _sharedHeaders, ...policy }: Policy): Policy {
  return { ...policy, rules: policy.rules.map(({ known: _known, ...rule }) => rule) };
}

/**
 * Up to two tags and the EtherType behind them. Where a frame ends before that, counting the tags ends too, and rules
 * that ask for other bytes are tried; each by itself would fail.
 */
function linkHeaderLength(frame: Uint8Array): number {
  const isTag = (at: number): boolean =>
    [0x8100, 0x88a8, 0x9100].includes(((frame[at] ?? 0) << 8) | (frame[at + 1] ?? 0));
  return isTag(12) ? (isTag(16) ? 22 : 18) : 14;
}

const matches = [
  'tcp port 80',
  'not udp',
  'udp[4:2] > 10 or port 53',
  'ip6 proto 0',
  'src net 10.0.0.0/8',
  'vlan and tcp',
  'icmp6',
  'len > 60',
];

describe('rules/shared-headers', () => {
  const policies = [
    ...['web-server', 'router-edge', 'iot-segment', 'dns-server'].map((name) => ({
      name,
      file: policyAt(`rules/${name}.yaml`).file,
    })),
    ...['vlan: any', 'vlan: exact', 'extension-headers: fixed'].map((header) => ({
      name: header,
      file: readText(
        `${header}\ndefault: drop\nrules:\n${matches.map((match, index) => `  - { name: r${index}, match: "${match}", action: count }\n`).join('')}`,
      ).file,
    })),
  ];
  for (const { name, file } of policies) {
    it(`${name}: what is found out once means the same as each rule by itself, also where packets end early`, () => {
      const shared = policyGraph(file.policy, { counters: true });
      const alone = policyGraph(eachByItself(file.policy), { counters: true });
      expect(checkGraph(shared, counterNames(file.policy).length)).to.deep.equal([]);
      const tables = tablesOfSets(file.sets);
      for (const { name: packet, bytes } of samplePackets('EN10MB')) {
        for (let length = linkHeaderLength(bytes); length <= bytes.length; length++) {
          const cut = wholePacket(bytes.subarray(0, length));
          const outcome = evaluate(shared.entry, cut, tables);
          expect(outcome, `${packet}, ${length} bytes`).to.deep.equal(evaluate(alone.entry, cut, tables));
        }
      }
    });
  }
});
