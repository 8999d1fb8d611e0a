import { or, type Predicate } from '../../ir/predicate.ts';
import type { Lowering } from '../lowering.ts';
import { etherTypes } from '../protocols.ts';
import { linkProtocol } from './link.ts';

/** IEEE 802.1Q, 802.1ad, and the TPID that preceded the latter. */
export function isTagged(lowering: Lowering): Predicate {
  return or(
    linkProtocol(lowering, etherTypes.vlan),
    linkProtocol(lowering, etherTypes.serviceVlan),
    linkProtocol(lowering, etherTypes.doubleVlan),
  );
}
