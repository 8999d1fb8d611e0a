import { and, not, type Predicate } from '../../ir/predicate.ts';
import * as diagnostics from '../diagnostics.ts';
import { loadAt, moved, networkHeader } from '../layers.ts';
import { hasBits, isEqual, networkField, type Lowering } from '../lowering.ts';
import { etherTypes } from '../protocols.ts';
import type { WrittenNumber } from '../syntax.ts';
import type { Encapsulation } from '../words.ts';
import { checkIdentifier } from './identifier.ts';
import { bottomOfStack, linkProtocol } from './link.ts';
import { tunnel } from './tunnel.ts';
import { isTagged } from './vlan.ts';

/** A primitive that names a header and moves all text behind it to what that header carries. */
export function encapsulation(
  lowering: Lowering,
  header: Encapsulation,
  identifier: WrittenNumber | undefined,
): Predicate {
  switch (header) {
    case 'vlan':
      return vlan(lowering, identifier);
    case 'mpls':
      return mpls(lowering, identifier);
    case 'pppoed':
      return linkProtocol(lowering, etherTypes.pppoeDiscovery);
    case 'pppoes':
      return pppoeSession(lowering, identifier);
    case 'geneve':
    case 'vxlan':
      return tunnel(lowering, header, identifier);
  }
}

/** The tag lies before the EtherType of what it carries. */
function vlan(lowering: Lowering, identifier: WrittenNumber | undefined): Predicate {
  const { layers, span } = lowering;
  const { linkType, typeField, payload, labels } = layers;
  if (labels > 0) diagnostics.fail(diagnostics.notAfterMpls(span, "'vlan'"));
  if (linkType !== 'EN10MB' || typeField === undefined) {
    return diagnostics.fail(diagnostics.notOnLinkType(span, 'vlan', linkType));
  }
  const tagged = isTagged(lowering);
  if (identifier !== undefined) checkIdentifier(identifier, 'VLAN tag', 0x0fff);
  const named =
    identifier === undefined
      ? []
      : [hasBits(lowering, loadAt(payload, layers.labelBytes, 2), 0x0fff, identifier.value)];
  lowering.layers = { ...layers, typeField: moved(typeField, 4), payload: moved(payload, 4) };
  return and(tagged, ...named);
}

/** RFC 3032. The first `mpls` asks for the EtherType, each further one whether the label before it was not the last. */
function mpls(lowering: Lowering, identifier: WrittenNumber | undefined): Predicate {
  const { layers, span } = lowering;
  const labelled = layers.labels > 0 ? not(bottomOfStack(lowering)) : isMpls(lowering);
  if (identifier !== undefined) checkIdentifier(identifier, 'MPLS label', 0xfffff);
  const named =
    identifier === undefined
      ? []
      : [hasBits(lowering, networkField(lowering, 0, 4), 0xfffff000, (identifier.value << 12) >>> 0)];
  lowering.layers = {
    ...layers,
    labelBytes: layers.labelBytes + 4,
    llcBytes: layers.llcBytes + 4,
    labels: layers.labels + 1,
  };
  return and(labelled, ...named);

  function isMpls(at: Lowering): Predicate {
    switch (layers.linkType) {
      case 'EN10MB':
        return linkProtocol(at, etherTypes.mpls);
      case 'PPP':
        return linkProtocol(at, pppMpls);
      default:
        return diagnostics.fail(diagnostics.notOnLinkType(span, 'mpls', layers.linkType));
    }
  }
}

const pppMpls = 0x0281;

/** RFC 2516: a header of six bytes, then a PPP frame without its own address and control bytes. */
function pppoeSession(lowering: Lowering, identifier: WrittenNumber | undefined): Predicate {
  const session = linkProtocol(lowering, etherTypes.pppoeSession);
  if (identifier !== undefined) checkIdentifier(identifier, 'PPPoE session', 0xffff);
  const named = identifier === undefined ? [] : [isEqual(lowering, networkField(lowering, 2, 2), identifier.value)];
  const ppp = moved(networkHeader(lowering.layers), 6);
  lowering.layers = {
    ...lowering.layers,
    linkType: 'PPP',
    linkHeader: ppp,
    typeField: ppp,
    payload: moved(ppp, 2),
    labelBytes: 0,
    llcBytes: 0,
    inTunnel: false,
  };
  return and(session, ...named);
}
