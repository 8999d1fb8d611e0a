import type { LinkType } from '../ir/link-type.ts';
import type { Layer } from './layer.ts';
import { parseLinkHeader } from './parse-link.ts';
import { parseNetworkHeader } from './parse-network.ts';
import { parseTransportHeader } from './parse-transport.ts';
import type { Step } from './step.ts';

/** Headers at most; a chain of extension headers or tags is no longer in any real packet. */
const mostLayers = 32;

/**
 * The headers of a packet. Never fails: a packet that lies or is cut short gives the headers that are whole and then
 * one `truncated`.
 * @param length on the wire
 */
export function parsePacket(bytes: Uint8Array, length: number, linkType: LinkType): readonly Layer[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const layers: Layer[] = [];
  const first = parseLinkHeader(view, Math.max(length, bytes.length), linkType);
  if (first.layer !== undefined) layers.push(first.layer);
  let next = first.next;
  while (next !== undefined && layers.length < mostLayers) {
    const step: Step = next.space === 'ethernet' ? parseNetworkHeader(view, next) : parseTransportHeader(view, next);
    layers.push(step.layer);
    next = step.next;
  }
  return layers;
}
