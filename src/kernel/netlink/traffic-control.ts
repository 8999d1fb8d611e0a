import { encodeAttributes, joinBytes } from './attribute.ts';
import type { Attribute } from './attribute.ts';

/** `struct tcmsg`, which qdiscs and filters share. */
export interface TrafficControlHeader {
  readonly ifindex: number;
  readonly handle: number;
  readonly parent: number;
  /** Of a filter: priority << 16 | EtherType in network byte order. */
  readonly info: number;
}

export const trafficControlHeaderSize = 20;

/** TCA_… */
export const trafficControlAttributes = { kind: 1, options: 2 } as const;

export function trafficControlMessage(header: TrafficControlHeader, attributes: readonly Attribute[]): Uint8Array {
  const bytes = new Uint8Array(trafficControlHeaderSize);
  const view = new DataView(bytes.buffer);
  view.setInt32(4, header.ifindex, true);
  view.setUint32(8, header.handle, true);
  view.setUint32(12, header.parent, true);
  view.setUint32(16, header.info, true);
  return joinBytes([bytes, encodeAttributes(attributes)]);
}

export function parseTrafficControlHeader(body: Uint8Array): TrafficControlHeader {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  return {
    ifindex: view.getInt32(4, true),
    handle: view.getUint32(8, true),
    parent: view.getUint32(12, true),
    info: view.getUint32(16, true),
  };
}
