import type { Kernel } from '../kernel.ts';
import { isSystemError } from '../system-error.ts';
import { encodeAttributes, joinBytes, parseAttributes, u32Of } from './attribute.ts';
import { request } from './request.ts';

/** The way that packets to an address take. */
export interface Route {
  readonly ifindex: number;
  /** The next hop's address where it is not the destination itself; 4 or 16 bytes. */
  readonly gateway: Uint8Array | undefined;
}

const RTM_GETROUTE = 26;
const routeMessageSize = 12;
/** RTA_… */
const RTA = { destination: 1, interface: 4, gateway: 5 };
const families: ReadonlyMap<number, number> = new Map([
  [4, 2],
  [16, 10],
]);

/** @param destination 4 or 16 bytes @returns undefined where no route leads there */
export function routeTo(kernel: Kernel, destination: Uint8Array): Route | undefined {
  const header = new Uint8Array(routeMessageSize);
  header[0] = families.get(destination.length) ?? 0;
  header[1] = destination.length * 8;
  const body = joinBytes([header, encodeAttributes([{ type: RTA.destination, content: destination }])]);
  try {
    const [message] = request(kernel, { name: 'RTM_GETROUTE', type: RTM_GETROUTE, body });
    if (message === undefined) return undefined;
    const attributes = parseAttributes(message.body.subarray(routeMessageSize));
    const ifindex = u32Of(attributes, RTA.interface);
    return ifindex === undefined ? undefined : { ifindex, gateway: attributes.get(RTA.gateway) };
  } catch (error) {
    if (['ENETUNREACH', 'EHOSTUNREACH', 'EINVAL'].some((code) => isSystemError(error, code))) return undefined;
    throw error;
  }
}
