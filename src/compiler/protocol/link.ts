import { always, and, or, type Predicate } from '../../ir/predicate.ts';
import * as diagnostics from '../diagnostics.ts';
import { loadAt, moved, type Offset } from '../layers.ts';
import { hasAnyBit, hasBits, isAtMost, isEqual, networkField, type Viewpoint } from '../lowering.ts';
import { etherTypes, largestFrameLength, serviceAccessPoints } from '../protocols.ts';

/**
 * Whether the link header says that a protocol follows.
 * @param protocol an EtherType, or an LLC service access point (up to 1500, as in a type/length field)
 */
export function linkProtocol(view: Viewpoint, protocol: number): Predicate {
  const { layers, span } = view;
  if (layers.labels > 0) return behindLabels(view, protocol);
  switch (layers.linkType) {
    case 'EN10MB':
      return ethernetProtocol(view, protocol);
    case 'LINUX_SLL':
      return cookedProtocol(view, protocol);
    case 'LINUX_SLL2':
      checkEtherType(view, protocol);
      return isEqual(view, loadAt(typeField(view), 0, 2), protocol);
    case 'PPP':
      return isEqual(view, loadAt(typeField(view), 0, 2), pppProtocol(view, protocol));
    case 'NULL':
    case 'LOOP':
      return addressFamily(view, protocol);
    case 'RAW':
      return protocol === etherTypes.ip || protocol === etherTypes.ip6
        ? ipVersion(view, layers.linkHeader, protocol)
        : always(false, span);
    case 'IPV4':
      return always(protocol === etherTypes.ip, span);
    case 'IPV6':
      return always(protocol === etherTypes.ip6, span);
  }
}

function typeField(view: Viewpoint): Offset {
  // Every link type that gets here has one.
  return view.layers.typeField as Offset;
}

function checkEtherType(view: Viewpoint, protocol: number): void {
  if (protocol > 0xffff) diagnostics.fail(diagnostics.valueTooLarge(view.span, 'EtherType', protocol, 0xffff));
}

function checkSap(view: Viewpoint, sap: number): void {
  if (sap > 0xff) diagnostics.fail(diagnostics.valueTooLarge(view.span, 'LLC service access point', sap, 0xff));
}

/** A first byte of IPv4 or IPv6 at that place. */
function ipVersion(view: Viewpoint, offset: Offset, protocol: number): Predicate {
  return hasBits(view, loadAt(offset, 0, 1), 0xf0, protocol === etherTypes.ip ? 0x40 : 0x60);
}

/** Behind MPLS labels nothing names the protocol: the stack must end here, and the IP version tells the rest. */
function behindLabels(view: Viewpoint, protocol: number): Predicate {
  if (protocol !== etherTypes.ip && protocol !== etherTypes.ip6) {
    return diagnostics.fail(diagnostics.notAfterMpls(view.span, 'this protocol'));
  }
  const { payload, labelBytes } = view.layers;
  return and(bottomOfStack(view), ipVersion(view, moved(payload, labelBytes), protocol));
}

/** Whether the last label that was named is the innermost one. */
export function bottomOfStack(view: Viewpoint): Predicate {
  return hasAnyBit(view, networkField(view, -2, 1), 0x01);
}

/** EtherType, or length and 802.2 header. */
function ethernetProtocol(view: Viewpoint, protocol: number): Predicate {
  const type = loadAt(typeField(view), 0, 2);
  const isFrame = isAtMost(view, type, largestFrameLength);
  switch (protocol) {
    case serviceAccessPoints.iso:
    case serviceAccessPoints.ip:
    case serviceAccessPoints.netbeui:
      return and(isFrame, llcSaps(view, protocol));
    case serviceAccessPoints.ipx:
      // EtherType; or 802.3 with SNAP, with the SAP of IPX, or with no 802.2 header at all (its first bytes are ff).
      return or(
        isEqual(view, type, etherTypes.ipx),
        and(
          isFrame,
          or(
            snap(view, 0, etherTypes.ipx),
            llcDestination(view, protocol),
            isEqual(view, loadAt(view.layers.payload, 0, 2), 0xffff),
          ),
        ),
      );
    case etherTypes.atalk:
    case etherTypes.aarp:
      return or(isEqual(view, type, protocol), and(isFrame, snap(view, snapOrganization(protocol), protocol)));
    default:
      checkEtherType(view, protocol);
      if (protocol > largestFrameLength) return isEqual(view, type, protocol);
      checkSap(view, protocol);
      return and(isFrame, isEqual(view, loadAt(typeField(view), 2, 1), protocol));
  }
}

/** What Linux writes into the protocol field of a cooked header for frames without an EtherType. */
const cookedFrame = { without8022: 0x0001, with8022: 0x0004 } as const;

function cookedProtocol(view: Viewpoint, protocol: number): Predicate {
  const type = loadAt(typeField(view), 0, 2);
  const isFrame = isEqual(view, type, cookedFrame.with8022);
  switch (protocol) {
    case serviceAccessPoints.iso:
    case serviceAccessPoints.ip:
    case serviceAccessPoints.netbeui:
      return and(isFrame, llcSaps(view, protocol));
    case serviceAccessPoints.ipx:
      return or(
        isEqual(view, type, etherTypes.ipx),
        isEqual(view, type, cookedFrame.without8022),
        and(isFrame, or(llcDestination(view, protocol), snap(view, 0, etherTypes.ipx))),
      );
    case etherTypes.atalk:
    case etherTypes.aarp:
      return or(isEqual(view, type, protocol), and(isFrame, snap(view, snapOrganization(protocol), protocol)));
    default:
      checkEtherType(view, protocol);
      if (protocol > largestFrameLength) return isEqual(view, type, protocol);
      checkSap(view, protocol);
      return and(isFrame, llcDestination(view, protocol));
  }
}

/** Destination and source service access point, both. */
function llcSaps(view: Viewpoint, sap: number): Predicate {
  return isEqual(view, loadAt(view.layers.payload, 0, 2), sap * 0x101);
}

function llcDestination(view: Viewpoint, sap: number): Predicate {
  return isEqual(view, loadAt(view.layers.payload, 0, 1), sap);
}

/** Apple's own, or that of plain Ethernet. */
function snapOrganization(protocol: number): number {
  return protocol === etherTypes.atalk ? 0x080007 : 0;
}

/** An 802.2 header with SNAP, unnumbered information, of that organization and type. Read from the back. */
function snap(view: Viewpoint, organization: number, type: number): Predicate {
  const { payload } = view.layers;
  const head = (serviceAccessPoints.snap * 0x1010000 + 0x0300 + (organization >> 16)) >>> 0;
  const tail = (((organization & 0xffff) << 16) | type) >>> 0;
  return and(isEqual(view, loadAt(payload, 4, 4), tail), isEqual(view, loadAt(payload, 0, 4), head));
}

/** https://www.iana.org/assignments/ppp-numbers */
const pppProtocols: ReadonlyMap<number, number> = new Map<number, number>([
  [etherTypes.ip, 0x0021],
  [etherTypes.ip6, 0x0057],
  [etherTypes.decnet, 0x0027],
  [etherTypes.atalk, 0x0029],
  [etherTypes.ns, 0x0025],
  [serviceAccessPoints.iso, 0x0023],
  [serviceAccessPoints.stp, 0x0031],
  [serviceAccessPoints.ipx, 0x002b],
]);

function pppProtocol(view: Viewpoint, protocol: number): number {
  checkEtherType(view, protocol);
  return pppProtocols.get(protocol) ?? protocol;
}

/** AF_INET, and AF_INET6 of the BSDs, of FreeBSD and of Darwin; the numbers differ. */
const addressFamilies: ReadonlyMap<number, readonly number[]> = new Map([
  [etherTypes.ip, [2]],
  [etherTypes.ip6, [24, 28, 30]],
]);

/**
 * The 32-bit address family of a BSD loopback header. That of NULL is in the byte order of whichever machine captured,
 * which a file does not tell for sure, so both orders are tried, as libpcap does since 1.10.5.
 */
function addressFamily(view: Viewpoint, protocol: number): Predicate {
  const field = loadAt(view.layers.linkHeader, 0, 4);
  const families = addressFamilies.get(protocol) ?? [];
  const swapped = view.layers.linkType === 'NULL' ? families.map((family) => (family << 24) >>> 0) : [];
  const tests = [...swapped, ...families].map((family) => isEqual(view, field, family));
  return tests.length === 0 ? always(false, view.span) : or(...tests);
}
