/** Lengths of headers, and where the protocol stands. */
const ethernet = 14;
const protocols = { tcp: 6, udp: 17 };
const mtu = 1500;

/**
 * What a packet of TCP or UDP is on the wire when it has been cut into segments, each with all headers.
 * @param datagram payload of each UDP datagram
 */
export function segmentsOf(frame: Uint8Array, datagram: number): { readonly packets: number; readonly bytes: number } {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const overIpv6 = view.getUint16(ethernet - 2) === 0x86dd;
  const transport = ethernet + (overIpv6 ? 40 : 20);
  const protocol = view.getUint8(ethernet + (overIpv6 ? 6 : 9));
  if (view.getUint16(ethernet - 2) === 0x0806 || (protocol !== protocols.tcp && protocol !== protocols.udp))
    return { packets: 1, bytes: frame.length };
  const headers = transport + (protocol === protocols.udp ? 8 : (view.getUint8(transport + 12) >> 4) * 4);
  const payload = frame.length - headers;
  const largest = protocol === protocols.udp ? datagram : mtu + ethernet - headers;
  const packets = Math.max(1, Math.ceil(payload / largest));
  return { packets, bytes: frame.length + (packets - 1) * headers };
}
