import type { Kernel } from '../kernel.ts';
import { isSystemError } from '../system-error.ts';
import { parseAttributes, textAttribute, textOf } from './attribute.ts';
import { messageFlags } from './message.ts';
import { dump, request } from './request.ts';
import {
  parseTrafficControlHeader,
  trafficControlAttributes,
  trafficControlHeaderSize,
  trafficControlMessage,
} from './traffic-control.ts';

/** A queueing discipline of an interface. */
export interface Qdisc {
  readonly kind: string;
  readonly handle: number;
  readonly parent: number;
}

const RTM_NEWQDISC = 36;
const RTM_DELQDISC = 37;
const RTM_GETQDISC = 38;
/** TC_H_CLSACT, where `clsact` and its predecessor `ingress` live, and the handle that both get. */
const clsactParent = 0xfffffff1;
const clsactHandle = 0xffff0000;

/**
 * Adds the qdisc that carries ingress and egress filters (`clsact`; it queues nothing).
 * @returns false when there is one already
 * @throws SystemError EEXIST when an `ingress` qdisc has its place
 */
export function addClsact(kernel: Kernel, ifindex: number): boolean {
  try {
    request(kernel, {
      name: 'RTM_NEWQDISC',
      type: RTM_NEWQDISC,
      flags: messageFlags.create | messageFlags.exclusive,
      body: clsactMessage(ifindex),
    });
    return true;
  } catch (error) {
    if (isSystemError(error, 'EEXIST') && filterQdisc(kernel, ifindex)?.kind === 'clsact') return false;
    throw error;
  }
}

/** Deletes the `clsact` qdisc with all filters on it. ENOENT where there is none. */
export function deleteClsact(kernel: Kernel, ifindex: number): void {
  request(kernel, { name: 'RTM_DELQDISC', type: RTM_DELQDISC, body: clsactMessage(ifindex) });
}

/** The qdisc on which ingress and egress filters stand: `clsact`, or `ingress`, which has no egress side. */
export function filterQdisc(kernel: Kernel, ifindex: number): Qdisc | undefined {
  return qdiscs(kernel, ifindex).find(({ parent }) => parent === clsactParent);
}

/** The qdiscs of one interface. */
export function qdiscs(kernel: Kernel, ifindex: number): readonly Qdisc[] {
  const header = { ifindex, handle: 0, parent: 0, info: 0 };
  const body = trafficControlMessage(header, []);
  return (
    dump(kernel, { name: 'RTM_GETQDISC', type: RTM_GETQDISC, body })
      .filter(({ type }) => type === RTM_NEWQDISC)
      .map((message) => ({
        ...parseTrafficControlHeader(message.body),
        kind:
          textOf(parseAttributes(message.body.subarray(trafficControlHeaderSize)), trafficControlAttributes.kind) ?? '',
      }))
      // The dump of a kernel before 4.20 does not look at the ifindex asked for.
      .filter((qdisc) => qdisc.ifindex === ifindex)
      .map(({ kind, handle, parent }) => ({ kind, handle, parent }))
  );
}

function clsactMessage(ifindex: number): Uint8Array {
  return trafficControlMessage({ ifindex, handle: clsactHandle, parent: clsactParent, info: 0 }, [
    textAttribute(trafficControlAttributes.kind, 'clsact'),
  ]);
}
