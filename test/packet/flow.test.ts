import { expect } from 'chai';
import fc from 'fast-check';
import { linkTypes } from '../../src/ir/link-type.ts';
import { FlowFrameError, frameOf } from '../../src/packet/flow-frame.ts';
import { FlowError, parseFlow, printFlow } from '../../src/packet/flow.ts';
import { parsePacket } from '../../src/packet/parse.ts';
import { summarize } from '../../src/packet/summary.ts';

const address4 = fc.ipV4();
const address6 = fc.ipV6();
const port = fc.nat(65_535);

/** Flows as text, in the canonical spelling but for their addresses. */
const flowText = fc
  .record({
    vlans: fc.array(fc.nat(4095), { maxLength: 3 }),
    kind: fc.constantFrom('tcp', 'tcp[]', 'tcp[fin,ack]', 'udp', 'sctp', 'ports', 'echo', '0', '47', '255'),
    six: fc.boolean(),
    addresses: fc.tuple(address4, address4),
    addresses6: fc.tuple(address6, address6),
    ports: fc.tuple(port, port),
    length: fc.option(fc.integer({ min: 200, max: 9000 })),
  })
  .map(({ vlans, kind, six, addresses, addresses6, ports, length }) => {
    const protocol = kind === 'ports' ? 'udp' : kind === 'echo' ? (six ? 'icmp6' : 'icmp') : kind;
    const hasPorts = /^(tcp|udp|sctp)/.test(protocol);
    const ends = (six ? addresses6 : addresses).map((address, index) => {
      if (!hasPorts) return address;
      return six ? `[${address}]:${ports[index] ?? 0}` : `${address}:${ports[index] ?? 0}`;
    });
    const tail = length === null ? '' : ` len ${length}`;
    return `${vlans.map((vlan) => `vlan ${vlan} `).join('')}${protocol} ${ends.join(' > ')}${tail}`;
  });

describe('packet: flows', () => {
  it('prints what it reads so that it reads the same again', () => {
    fc.assert(
      fc.property(flowText, (text) => {
        const flow = parseFlow(text);
        expect(parseFlow(printFlow(flow))).to.deep.equal(flow);
        expect(printFlow(parseFlow(printFlow(flow)))).to.equal(printFlow(flow));
      }),
    );
  });

  it('builds frames whose headers say what the flow says', () => {
    fc.assert(
      fc.property(flowText, (text) => {
        const flow = parseFlow(text);
        const frame = frameOf(flow);
        if (flow.length !== undefined) expect(frame.length).to.equal(flow.length);
        const layers = parsePacket(frame, frame.length, 'EN10MB');
        const tags = layers.flatMap((layer) => (layer.kind === 'vlan' ? [layer.identifier] : []));
        expect(tags).to.deep.equal(flow.vlans);
        const ip = layers.find((layer) => layer.kind === 'ipv4' || layer.kind === 'ipv6');
        expect(ip).to.deep.include({ source: flow.source.address, destination: flow.destination.address });
        const last = layers.at(-1);
        if (flow.source.port !== undefined) {
          expect(last).to.include({ sourcePort: flow.source.port, destinationPort: flow.destination.port });
        }
        if (last?.kind === 'tcp') expect(last.flags).to.equal(flow.tcpFlags);
      }),
    );
  });

  it('builds a frame for every link type', () => {
    const flow = parseFlow('udp 192.0.2.1:1 > 192.0.2.2:2 len 90');
    const flow6 = parseFlow('udp [2001:db8::1]:1 > [2001:db8::2]:2 len 90');
    for (const { name } of linkTypes) {
      const frame = frameOf(name === 'IPV6' ? flow6 : flow, name);
      expect(frame.length, name).to.equal(90);
      expect(summarize(frame, 90, name), name).to.match(/\.1 > .*\.2: UDP, length \d+$/);
    }
  });

  const wrong: readonly (readonly [text: string, at: string, message: string])[] = [
    ['', '', 'a flow begins with tcp, udp, sctp, icmp, icmp6 or a protocol number from 0 to 255'],
    ['tpc 192.0.2.1:1 > 192.0.2.2:2', 'tpc', 'a flow begins with tcp,'],
    ['tcp[sny] 192.0.2.1:1 > 192.0.2.2:2', 'tcp[sny]', 'TCP flags are fin, syn,'],
    ['256 192.0.2.1 > 192.0.2.2', '256', 'a flow begins with'],
    ['vlan 4096 tcp 192.0.2.1:1 > 192.0.2.2:2', '4096', 'a VLAN is a number from 0 to 4095'],
    ['tcp 192.0.2.1 > 192.0.2.2:2', '192.0.2.1', 'a port from 0 to 65535 belongs behind the address'],
    ['tcp 192.0.2.1:70000 > 192.0.2.2:2', '192.0.2.1:70000', 'a port from 0 to 65535'],
    ['tcp 2001:db8::1:80 > 192.0.2.2:2', '2001:db8::1:80', 'an endpoint is 192.0.2.1:80 or [2001:db8::1]:80'],
    ['tcp 192.0.2.1:1 192.0.2.2:2', '192.0.2.2:2', `'>' belongs between`],
    ['tcp 192.0.2.1:1 > ', '', 'an endpoint is'],
    ['tcp 192.0.2.1:1 > [2001:db8::1]:2', '[2001:db8::1]:2', 'both addresses of a flow are IPv4'],
    ['icmp 192.0.2.1:8 > 192.0.2.2', '192.0.2.1:8', 'an address is 192.0.2.1'],
    ['icmp 2001:db8::1 > 2001:db8::2', '2001:db8::1', 'icmp is of IPv4'],
    ['icmp6 192.0.2.1 > 192.0.2.2', '192.0.2.1', 'icmp6 is of IPv6'],
    ['udp 192.0.2.1:1 > 192.0.2.2:2 length 9', 'length', `only 'len N' can follow`],
    ['udp 192.0.2.1:1 > 192.0.2.2:2 len 70000', '70000', 'a length is a number of bytes'],
    ['udp 192.0.2.1:1 > 192.0.2.2:2 len 90 x', 'x', 'nothing can follow the length'],
  ];
  for (const [text, at, message] of wrong) {
    it(`points at what is wrong with "${text}"`, () => {
      let error: unknown;
      try {
        parseFlow(text);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).to.be.instanceOf(FlowError);
      const { start, end } = error as FlowError;
      expect((error as FlowError).message).to.contain(message);
      expect(text.slice(start, end)).to.equal(at);
    });
  }

  it('refuses a length that the headers do not fit into', () => {
    expect(() => frameOf(parseFlow('tcp 192.0.2.1:1 > 192.0.2.2:2 len 53'))).to.throw(
      FlowFrameError,
      'from 54 to 65549',
    );
    expect(frameOf(parseFlow('tcp 192.0.2.1:1 > 192.0.2.2:2 len 54')).length).to.equal(54);
  });

  it('refuses tags where the link header cannot announce them', () => {
    const flow = parseFlow('vlan 7 tcp 192.0.2.1:1 > 192.0.2.2:2');
    expect(() => frameOf(flow, 'RAW')).to.throw(FlowFrameError, 'packets of link type RAW have no VLAN tags');
  });
});
