import type { LinkType } from '../ir/link-type.ts';
import { add, constant, load, variable, type Load, type LoadSize, type Value } from '../ir/value.ts';

/**
 * Where the headers of a packet lie, as far as the text of the filter has said so up to some place. `vlan`, `mpls`,
 * `pppoes`, `geneve` and `vxlan` move them for all text that follows, whatever parentheses say.
 */
export interface Layers {
  /** Of the innermost link header; PPP behind `pppoes`, EN10MB inside a tunnel. */
  readonly linkType: LinkType;
  readonly linkHeader: Offset;
  /** The field that tells the network protocol; undefined where the link header has none. */
  readonly typeField: Offset | undefined;
  /** Behind the link header. */
  readonly payload: Offset;
  /** Bytes from the payload to the network header: the MPLS labels. */
  readonly labelBytes: number;
  /** Bytes from the payload to the network header where an 802.2 header without SNAP stands between. */
  readonly llcBytes: number;
  readonly labels: number;
  /** Whether the innermost frame came out of `geneve` or `vxlan`, so that it may have no link header. */
  readonly inTunnel: boolean;
  /** Whether this is behind tags that were not named, or where there are none: `anyvlan` has been here. */
  readonly pastTags: boolean;
}

/** A place in the packet: constant, or behind what a variable holds. */
export interface Offset {
  readonly variable: number | undefined;
  readonly constant: number;
}

interface LinkHeader {
  readonly typeField: number | undefined;
  readonly length: number;
  readonly llcBytes: number;
}

const linkHeaders: Readonly<Record<LinkType, LinkHeader>> = {
  EN10MB: { typeField: 12, length: 14, llcBytes: 3 },
  RAW: { typeField: undefined, length: 0, llcBytes: 0 },
  IPV4: { typeField: undefined, length: 0, llcBytes: 0 },
  IPV6: { typeField: undefined, length: 0, llcBytes: 0 },
  LINUX_SLL: { typeField: 14, length: 16, llcBytes: 0 },
  LINUX_SLL2: { typeField: 0, length: 20, llcBytes: 0 },
  NULL: { typeField: 0, length: 4, llcBytes: 0 },
  LOOP: { typeField: 0, length: 4, llcBytes: 0 },
  PPP: { typeField: 2, length: 4, llcBytes: 0 },
};

export function outermostLayers(linkType: LinkType): Layers {
  const { typeField, length, llcBytes } = linkHeaders[linkType];
  return {
    linkType,
    linkHeader: fixed(0),
    typeField: typeField === undefined ? undefined : fixed(typeField),
    payload: fixed(length),
    labelBytes: 0,
    llcBytes,
    labels: 0,
    inTunnel: false,
    pastTags: false,
  };
}

/** The layers behind VLAN tags that were not named. */
export function behindTags(layers: Layers, tags: number): Layers {
  const { typeField, payload } = layers;
  return {
    ...layers,
    typeField: typeField === undefined ? undefined : moved(typeField, 4 * tags),
    payload: moved(payload, 4 * tags),
    pastTags: true,
  };
}

function fixed(offset: number): Offset {
  return { variable: undefined, constant: offset };
}

export function moved(offset: Offset, bytes: number): Offset {
  return { ...offset, constant: offset.constant + bytes };
}

/** @param bytes how far behind the offset; negative for before it */
export function valueOf(offset: Offset, bytes = 0): Value {
  const distance = offset.constant + bytes;
  return offset.variable === undefined ? constant(distance) : add(variable(offset.variable), distance);
}

export function loadAt(offset: Offset, bytes: number, size: LoadSize): Load {
  return load(valueOf(offset, bytes), size);
}

export function networkHeader(layers: Layers): Offset {
  return moved(layers.payload, layers.labelBytes);
}
