import { or, type Predicate } from '../../ir/predicate.ts';
import type { Viewpoint } from '../lowering.ts';
import { etherTypes } from '../protocols.ts';
import { linkProtocol } from './link.ts';

/** IEEE 802.1Q, 802.1ad, and the TPID that preceded the latter. */
export function isTagged(view: Viewpoint): Predicate {
  return or(
    linkProtocol(view, etherTypes.vlan),
    linkProtocol(view, etherTypes.serviceVlan),
    linkProtocol(view, etherTypes.doubleVlan),
  );
}
