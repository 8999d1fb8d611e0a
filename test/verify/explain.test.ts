import { expect } from 'chai';
import { compileFilter } from '../../src/pipeline.ts';
import { explainFilter, explainPolicy, type Explanation } from '../../src/verify/explain.ts';
import { NoSuchPacket, packetOfCapture, packetOfFlow, packetOfHex } from '../../src/verify/explained-packet.ts';
import { readText, testNames } from '../rules/policy-text.ts';

function explained(filter: string, flow: string): readonly unknown[] {
  const { predicate } = compileFilter({ name: 'filter', text: filter }, { linkType: 'EN10MB', names: testNames });
  return told(explainFilter(predicate, packetOfFlow(flow, 'EN10MB')));
}

function told({ answer, clause, question, fields }: Explanation): readonly unknown[] {
  return [answer, clause, question, ...fields.map(({ name, offset, value }) => `${name} at ${offset}: ${value}`)];
}

describe('verify/explain', () => {
  it('names the clause that decided, what it asked, and the bytes that it read', () => {
    expect(explained('tcp dst port 22 and src net 10.0.0.0/8', 'udp 10.0.0.1:1 > 10.0.0.2:22')).to.deep.equal([
      'no match',
      'tcp dst port 22',
      '17 (0x11) = 6? no',
      'IPv4 protocol at 23: 17',
    ]);
    expect(explained('tcp dst port 22 and src net 10.0.0.0/8', 'tcp 11.0.0.1:1 > 10.0.0.2:22')).to.deep.equal([
      'no match',
      'src net 10.0.0.0/8',
      '184549376 (0xb000000) = 167772160 (0xa000000)? no',
      'IPv4 source address at 26: 184549377',
    ]);
    expect(explained('tcp dst port 22', 'tcp 11.0.0.1:1 > 10.0.0.2:22')).to.deep.equal([
      'match',
      'tcp dst port 22',
      '22 (0x16) = 22 (0x16)? yes',
      'TCP destination port at 36: 22',
    ]);
  });

  it('tells that bytes are not there', () => {
    expect(explained('ether[100] = 1', 'tcp 11.0.0.1:1 > 10.0.0.2:22')).to.deep.equal([
      'outside the packet',
      'ether[100] = 1',
      'nothing = 1? the bytes are not there',
      'TCP byte 66 at 100: undefined',
    ]);
  });

  it('goes through the rules of a policy up to the one that ends', () => {
    const { file } = readText(`sets: { office: [198.51.100.0/24] }
rules:
  - { name: seen, match: tcp, action: count }
  - { name: office, match: tcp dst port 22 and src net @office, action: pass }
  - { name: audited, match: port 22, action: drop, audit: true }
  - { name: others, match: tcp dst port 22, action: drop }
  - { name: behind, match: tcp, action: pass }
`);
    const { rules, verdict, decidedBy } = explainPolicy(
      file,
      packetOfFlow('vlan 7 tcp 10.0.0.1:1 > 10.0.0.2:22', 'EN10MB'),
    );
    expect(rules.map(({ rule, answer, clause }) => [rule, answer, clause])).to.deep.equal([
      ['seen', 'match', 'tcp'],
      ['office', 'no match', 'src net @office'],
      ['audited', 'match', 'port 22'],
      ['others', 'match', 'tcp dst port 22'],
    ]);
    expect([verdict, decidedBy]).to.deep.equal(['drop', 'others']);
    expect(told(rules[1]!).slice(2)).to.deep.equal(['is it in @office? no', 'IPv4 source address at 30: 167772161']);
  });

  it('shows what a variable was read from', () => {
    const { file } = readText('rules: [{ name: web, match: tcp port 80, action: pass }]');
    const [rule] = explainPolicy(file, packetOfFlow('udp [2001:db8::1]:1 > [2001:db8::2]:80', 'EN10MB')).rules;
    expect(told(rule!)).to.deep.equal(['no match', 'tcp port 80', '17 (0x11) = 6? no', 'IPv6 next header at 20: 17']);
  });

  it('takes packets of captures, in hexadecimal, and as flows', async () => {
    expect((await packetOfCapture('test/pcaps/ssh.pcap:1234')).packet.length).to.be.above(50);
    expect(packetOfHex('0200 0000', 'RAW').packet.bytes).to.deep.equal(Uint8Array.of(2, 0, 0, 0));
    for (const place of ['test/pcaps/ssh.pcap:1235', 'test/pcaps/ssh.pcap:0', 'test/pcaps/ssh.pcap', ':7']) {
      const failure: unknown = await packetOfCapture(place).catch((error: unknown) => error);
      expect(failure, place).to.be.instanceOf(NoSuchPacket);
    }
    expect(() => packetOfHex('0g', 'EN10MB')).to.throw(NoSuchPacket);
    expect(() => packetOfFlow('tcp nowhere', 'EN10MB')).to.throw(NoSuchPacket);
    expect(() => packetOfFlow('vlan 7 udp 10.0.0.1:1 > 10.0.0.2:2', 'RAW')).to.throw(NoSuchPacket);
  });
});
