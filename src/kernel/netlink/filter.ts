import type { Kernel } from '../kernel.ts';
import { nested, parseAttributes, textAttribute, textOf, u32Attribute, u32Of } from './attribute.ts';
import type { Attribute } from './attribute.ts';
import { messageFlags } from './message.ts';
import type { Message } from './message.ts';
import { dump, request } from './request.ts';
import {
  parseTrafficControlHeader,
  trafficControlAttributes,
  trafficControlHeaderSize,
  trafficControlMessage,
} from './traffic-control.ts';

export type TcDirection = 'ingress' | 'egress';

/** Where a filter stands. Of two filters the one with the smaller priority runs first. */
export interface FilterPlace {
  readonly ifindex: number;
  readonly direction: TcDirection;
  /** 1 to 65535 (`pref` in tc's words). */
  readonly priority: number;
  readonly handle: number;
}

/** A filter as the kernel shows it. The last three are there for a filter of kind `bpf` only. */
export interface Filter extends FilterPlace {
  readonly kind: string;
  readonly name: string | undefined;
  readonly programId: number | undefined;
  /** Its return value is the verdict (`direct-action`). */
  readonly directAction: boolean;
}

const RTM_NEWTFILTER = 44;
const RTM_DELTFILTER = 45;
const RTM_GETTFILTER = 46;
/** TC_H_CLSACT with TC_H_MIN_INGRESS or TC_H_MIN_EGRESS. */
const parents: Readonly<Record<TcDirection, number>> = { ingress: 0xfffffff2, egress: 0xfffffff3 };
/** TCA_BPF_… */
const bpf = { descriptor: 6, name: 7, flags: 8, programId: 11 };
const TCA_BPF_FLAG_ACT_DIRECT = 1;
/** ETH_P_ALL in network byte order. */
const allProtocols = 0x0300;

/** Adds a direct-action bpf filter; EEXIST where one has its priority and handle. The program must be sched-cls. */
export function addBpfFilter(kernel: Kernel, place: FilterPlace, programDescriptor: number, name: string): void {
  putBpfFilter(kernel, place, programDescriptor, name, messageFlags.create | messageFlags.exclusive);
}

/**
 * Puts another program into the filter at a place, in one step. The kernel knows no expected program here: look
 * which one is there before.
 */
export function replaceBpfFilter(kernel: Kernel, place: FilterPlace, programDescriptor: number, name: string): void {
  putBpfFilter(kernel, place, programDescriptor, name, messageFlags.create | messageFlags.replace);
}

function putBpfFilter(kernel: Kernel, place: FilterPlace, program: number, name: string, flags: number): void {
  const options: Attribute[] = [
    u32Attribute(bpf.descriptor, program),
    textAttribute(bpf.name, name),
    u32Attribute(bpf.flags, TCA_BPF_FLAG_ACT_DIRECT),
  ];
  const body = trafficControlMessage(placeHeader(place), [
    textAttribute(trafficControlAttributes.kind, 'bpf'),
    { type: trafficControlAttributes.options, content: options },
  ]);
  request(kernel, { name: 'RTM_NEWTFILTER', type: RTM_NEWTFILTER, flags, body });
}

/** Deletes the bpf filter at a place; ENOENT where there is none. */
export function deleteBpfFilter(kernel: Kernel, place: FilterPlace): void {
  const body = trafficControlMessage(placeHeader(place), [textAttribute(trafficControlAttributes.kind, 'bpf')]);
  request(kernel, { name: 'RTM_DELTFILTER', type: RTM_DELTFILTER, body });
}

/** The filters of a direction, in the order they run; none without a qdisc that carries them. */
export function filters(kernel: Kernel, ifindex: number, direction: TcDirection): readonly Filter[] {
  const header = { ifindex, handle: 0, parent: parents[direction], info: 0 };
  const body = trafficControlMessage(header, []);
  return (
    dump(kernel, { name: 'RTM_GETTFILTER', type: RTM_GETTFILTER, body })
      .filter(({ type }) => type === RTM_NEWTFILTER)
      .map((message) => parseFilter(message, direction))
      // Each priority is dumped once without a handle, before its filters.
      .filter(({ handle }) => handle !== 0)
  );
}

function placeHeader({ ifindex, direction, priority, handle }: FilterPlace) {
  return { ifindex, handle, parent: parents[direction], info: ((priority << 16) | allProtocols) >>> 0 };
}

function parseFilter({ body }: Message, direction: TcDirection): Filter {
  const { ifindex, handle, info } = parseTrafficControlHeader(body);
  const attributes = parseAttributes(body.subarray(trafficControlHeaderSize));
  const kind = textOf(attributes, trafficControlAttributes.kind) ?? '';
  const options = kind === 'bpf' ? nested(attributes, trafficControlAttributes.options) : new Map<number, Uint8Array>();
  return {
    ifindex,
    direction,
    priority: info >>> 16,
    handle,
    kind,
    name: textOf(options, bpf.name),
    programId: u32Of(options, bpf.programId),
    directAction: ((u32Of(options, bpf.flags) ?? 0) & TCA_BPF_FLAG_ACT_DIRECT) !== 0,
  };
}
