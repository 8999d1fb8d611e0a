import type { LinkType } from '../ir/link-type.ts';
import type { Predicate } from '../ir/predicate.ts';
import type { Span } from '../ir/span.ts';
import { behindTags, outermostLayers, type Layers } from './layers.ts';
import type { Viewpoint } from './lowering.ts';
import { locateTransport } from './protocol/extension-headers.ts';
import { isTagged } from './protocol/vlan.ts';

/**
 * What a policy finds out about a packet once, before its rules: how many VLAN tags it has, and where its IPv6
 * transport header lies. Rules compiled with it need neither copies for each number of tags nor walks of their own.
 */
export interface KnownHeaders {
  /** VLAN tags before the network header, 0 … 2. Always 0 where the link type has no tags. */
  readonly tags: number;
  /** The variables in which `storeTransport` has stored; 0 and 1. */
  readonly transport?: { readonly number: 0; readonly position: 1 };
}

/** The variables that `storeTransport` stores in. */
export const knownTransport: NonNullable<KnownHeaders['transport']> = { number: 0, position: 1 };

/** The variables that the rules must leave alone. */
export function variablesOf(known: KnownHeaders | undefined): readonly number[] {
  return known?.transport === undefined ? [] : [known.transport.number, known.transport.position];
}

export function layersBehindTags(linkType: LinkType, tags: number): Layers {
  return behindTags(outermostLayers(linkType), tags);
}

/** Whether behind so many tags there is one more. @param span what the tests are remembered to come from */
export function hasFurtherTag(linkType: LinkType, tags: number, span: Span): Predicate {
  return isTagged(viewBehind(linkType, tags, span));
}

/** Stores where the IPv6 transport header lies, behind extension headers too; always true, or fails in the walk. */
export function storeTransport(linkType: LinkType, known: Required<KnownHeaders>, span: Span): Predicate {
  return locateTransport(viewBehind(linkType, known.tags, span), { ...known.transport, used: true });
}

function viewBehind(linkType: LinkType, tags: number, span: Span): Viewpoint {
  return { layers: layersBehindTags(linkType, tags), span };
}
