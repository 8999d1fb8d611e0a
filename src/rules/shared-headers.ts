import { hasFurtherTag, knownTransport, storeTransport, type KnownHeaders } from '../compiler/known-headers.ts';
import { graphOf, rebuild, type Node } from '../ir/graph.ts';
import type { LinkType } from '../ir/link-type.ts';
import { and, type Predicate } from '../ir/predicate.ts';
import { valuesOf } from '../ir/test.ts';
import { operandsOf, type Value } from '../ir/value.ts';
import type { Policy, Rule, SharedHeaders } from './policy.ts';

/** What rules are compiled for: how many tags stand before the network header. */
export const tagCounts = [0, 1, 2] as const;

/** What is known where the rules for a number of tags are tried. */
export function knownBehind(tags: number, followsExtensionHeaders: boolean): KnownHeaders {
  return followsExtensionHeaders ? { tags, transport: knownTransport } : { tags };
}

/**
 * The headers that all rules ask for, looked for once: the tags are counted, the IPv6 transport header is searched, and
 * the rules that know both follow.
 * @param rules the rules for so many tags
 */
export function behindSharedHeaders(linkType: LinkType, shared: SharedHeaders, rules: (tags: number) => Node): Node {
  const behind = (tags: number): Node => {
    const known = rules(tags);
    if (!shared.transport) return known;
    const store = storeTransport(linkType, { tags, transport: knownTransport }, shared.span);
    return graphOf(store, known, known, withoutTransport(known));
  };
  if (!shared.tags) return behind(0);
  const question = (tags: number, yes: Node, no: Node): Node =>
    graphOf(hasFurtherTag(linkType, tags, shared.span), yes, no, no);
  const [none, one, two] = [behind(0), behind(1), behind(2)];
  return question(0, question(1, two, one), none);
}

/** A rule's match by itself for packets with so many tags: what it is in the graph, with what is found out before it. */
export function matchBehind({ linkType, sharedHeaders }: Policy, { known, match }: Rule, tags: number): Predicate {
  const predicate = known?.[tags];
  if (sharedHeaders === undefined || predicate === undefined) return match;
  if (!sharedHeaders.transport) return predicate;
  return and(storeTransport(linkType, { tags, transport: knownTransport }, sharedHeaders.span), predicate);
}

/**
 * The rules for packets that end within their extension headers. Where the transport header lies is not known, so
 * whatever asks for it fails, as each rule would by itself.
 */
function withoutTransport(rules: Node): Node {
  return rebuild(rules, (node) =>
    node.kind === 'test' && valuesOf(node.test).some(readsTransport) ? node.whenFailing : node,
  );
}

function readsTransport(value: Value): boolean {
  const { number, position } = knownTransport;
  if (value.kind === 'variable') return value.index === number || value.index === position;
  return operandsOf(value).some(readsTransport);
}
