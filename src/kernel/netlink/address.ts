import type { Kernel } from '../kernel.ts';
import { parseAttributes } from './attribute.ts';
import type { Message } from './message.ts';
import { dump } from './request.ts';

/** An IP address of an interface. */
export interface InterfaceAddress {
  readonly ifindex: number;
  readonly family: 'ipv4' | 'ipv6';
  /** 4 or 16 bytes. */
  readonly address: Uint8Array;
  readonly prefixLength: number;
}

const RTM_NEWADDR = 20;
const RTM_GETADDR = 22;
const addressMessageSize = 8;
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const families: ReadonlyMap<number, InterfaceAddress['family']> = new Map([
  [2, 'ipv4'],
  [10, 'ipv6'],
]);

/** The IP addresses of one interface, or of all in the network namespace. */
export function interfaceAddresses(kernel: Kernel, ifindex?: number): readonly InterfaceAddress[] {
  const body = new Uint8Array(addressMessageSize);
  const messages = dump(kernel, { name: 'RTM_GETADDR', type: RTM_GETADDR, body });
  const all = messages.filter(({ type }) => type === RTM_NEWADDR).flatMap(parseAddress);
  return ifindex === undefined ? all : all.filter((each) => each.ifindex === ifindex);
}

function parseAddress({ body }: Message): readonly InterfaceAddress[] {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const attributes = parseAttributes(body.subarray(addressMessageSize));
  // On a point-to-point interface IFA_ADDRESS is the peer's.
  const address = attributes.get(IFA_LOCAL) ?? attributes.get(IFA_ADDRESS);
  const family = families.get(view.getUint8(0));
  if (address === undefined || family === undefined) return [];
  return [{ ifindex: view.getUint32(4, true), family, address, prefixLength: view.getUint8(1) }];
}
