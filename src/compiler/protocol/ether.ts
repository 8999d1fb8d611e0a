import { and, not, testing, type Predicate } from '../../ir/predicate.ts';
import type { TableReference } from '../../ir/table.ts';
import { equal } from '../../ir/test.ts';
import { variable } from '../../ir/value.ts';
import * as diagnostics from '../diagnostics.ts';
import { loadAt } from '../layers.ts';
import { hasAnyBit, isEqual, isInTable, type Lowering } from '../lowering.ts';
import type { Direction } from '../qualifiers.ts';
import { inDirection } from './direction.ts';

const addresses = { dst: 0, src: 6 } as const;

const broadcast = new Uint8Array(6).fill(0xff);

/**
 * `ether host`. The last four bytes of an address are compared first.
 * @param address 6 bytes, or a table of addresses
 * @param word how an error calls the primitive
 */
export function etherHost(
  lowering: Lowering,
  address: Uint8Array | TableReference,
  direction: Direction | undefined,
  word: string,
): Predicate {
  const hasHeader = hasEthernetHeader(lowering, word);
  return and(
    ...hasHeader,
    inDirection(direction, (side) => isAddress(lowering, address, addresses[side])),
  );
}

function isAddress(lowering: Lowering, address: Uint8Array | TableReference, offset: number): Predicate {
  const { linkHeader } = lowering.layers;
  if ('space' in address) {
    return isInTable(lowering, address, loadAt(linkHeader, offset, 4), loadAt(linkHeader, offset + 4, 2));
  }
  const view = new DataView(address.buffer, address.byteOffset, 6);
  return and(
    isEqual(lowering, loadAt(linkHeader, offset + 2, 4), view.getUint32(2)),
    isEqual(lowering, loadAt(linkHeader, offset, 2), view.getUint16(0)),
  );
}

export function etherBroadcast(lowering: Lowering): Predicate {
  return etherHost(lowering, broadcast, 'dst', 'broadcast');
}

/** The group bit: the lowest of the first byte. */
export function etherMulticast(lowering: Lowering): Predicate {
  const hasHeader = hasEthernetHeader(lowering, 'multicast');
  return and(...hasHeader, hasAnyBit(lowering, loadAt(lowering.layers.linkHeader, addresses.dst, 1), 1));
}

/** Inside a tunnel there may be no link header; then payload and link header begin at the same place. */
function hasEthernetHeader(lowering: Lowering, word: string): readonly Predicate[] {
  const { linkType, linkHeader, payload, inTunnel } = lowering.layers;
  if (linkType !== 'EN10MB') diagnostics.fail(diagnostics.notOnLinkType(lowering.span, word, linkType));
  if (!inTunnel || linkHeader.variable === undefined || payload.variable === undefined) return [];
  return [not(testing(equal(variable(linkHeader.variable), variable(payload.variable)), lowering.span))];
}
