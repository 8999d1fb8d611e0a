import { count, exit, graphOf, type Graph, type Node } from '../../../src/ir/graph.ts';
import { and, not, or, testing, type Predicate } from '../../../src/ir/predicate.ts';
import { anyBit, equal } from '../../../src/ir/test.ts';
import { add, ipv4HeaderLength, load, type Value } from '../../../src/ir/value.ts';
import { drop, match, noMatch, pass } from '../../../src/ir/verdict.ts';

/** `tcp port N` in the order in which libpcap asks. */
export function tcpPort(port: number): Predicate {
  const either = (at: (displacement: number) => Value | number): Predicate =>
    or(testing(equal(load(at(0), 2), port)), testing(equal(load(at(2), 2), port)));
  return or(
    and(
      testing(equal(load(12, 2), 0x86dd)),
      testing(equal(load(20, 1), 6)),
      either((at) => 54 + at),
    ),
    and(
      testing(equal(load(12, 2), 0x0800)),
      testing(equal(load(23, 1), 6)),
      not(testing(anyBit(load(20, 2), 0x1fff))),
      either((at) => add(ipv4HeaderLength(14), 14 + at)),
    ),
  );
}

export function filter(predicate: Predicate): Graph {
  return { linkType: 'EN10MB', entry: graphOf(predicate, exit(match), exit(noMatch), exit(noMatch)) };
}

/** A policy: the first rule that matches drops; each has a counter, and the rest passes by the last one. */
export function droppingRules(rules: readonly Predicate[]): Graph {
  const end: Node = count(rules.length, exit(pass));
  const entry = rules.reduceRight<Node>((next, rule, index) => {
    return graphOf(rule, count(index, exit(drop)), next, next);
  }, end);
  return { linkType: 'EN10MB', entry };
}

/** As in `droppingRules`, but a match is only counted, and the next rule is tried all the same. */
export function countingRules(rules: readonly Predicate[]): Graph {
  const end: Node = count(rules.length, exit(pass));
  const entry = rules.reduceRight<Node>((next, rule, index) => graphOf(rule, count(index, next), next, next), end);
  return { linkType: 'EN10MB', entry };
}

export function sourceAddress(address: number): Predicate {
  return and(testing(equal(load(12, 2), 0x0800)), testing(equal(load(26, 4), address)));
}

/** An IPv4 TCP segment in an Ethernet frame. */
export function tcpSegment(source: number, sourcePort: number, destinationPort: number, options = 0): Uint8Array {
  const bytes = new Uint8Array(54 + options);
  const view = new DataView(bytes.buffer);
  view.setUint16(12, 0x0800);
  view.setUint8(14, 0x45 + options / 4);
  view.setUint8(23, 6);
  view.setUint32(26, source);
  view.setUint16(34 + options, sourcePort);
  view.setUint16(36 + options, destinationPort);
  return bytes;
}
