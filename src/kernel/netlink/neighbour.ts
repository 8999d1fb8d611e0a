import type { Kernel } from '../kernel.ts';
import { parseAttributes } from './attribute.ts';
import { dump } from './request.ts';

const RTM_NEWNEIGH = 28;
const RTM_GETNEIGH = 30;
const neighbourMessageSize = 12;
/** NDA_… */
const NDA = { destination: 1, linkAddress: 2 };

/** The hardware address that the kernel has learnt for an IP address on an interface. */
export function neighbourAddress(kernel: Kernel, ifindex: number, address: Uint8Array): Uint8Array | undefined {
  const messages = dump(kernel, {
    name: 'RTM_GETNEIGH',
    type: RTM_GETNEIGH,
    body: new Uint8Array(neighbourMessageSize),
  });
  for (const { type, body } of messages) {
    if (type !== RTM_NEWNEIGH || body.length < neighbourMessageSize) continue;
    const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
    if (view.getInt32(4, true) !== ifindex) continue;
    const attributes = parseAttributes(body.subarray(neighbourMessageSize));
    const destination = attributes.get(NDA.destination);
    if (destination !== undefined && sameBytes(destination, address)) return attributes.get(NDA.linkAddress);
  }
  return undefined;
}

function sameBytes(first: Uint8Array, second: Uint8Array): boolean {
  return first.length === second.length && first.every((byte, index) => byte === second[index]);
}
