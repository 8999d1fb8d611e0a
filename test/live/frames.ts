import { frameOf } from '../../src/packet/flow-frame.ts';
import { parseFlow } from '../../src/packet/flow.ts';
import { concat } from '../../src/packet/build.ts';
import { samplePackets } from '../support/packets.ts';

/** A frame as it is on the wire, tags in place. */
export interface WireFrame {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** A VLAN tag as it is written: its protocol, then priority and VLAN. */
export interface Tag {
  readonly protocol: number;
  readonly control: number;
}

export const tag7 = { protocol: 0x8100, control: 7 };
const priorityTag = { protocol: 0x8100, control: 0x6000 };
const tag9 = { protocol: 0x8100, control: 9 };
const serviceTag7 = { protocol: 0x88a8, control: 7 };
const oldTag7 = { protocol: 0x9100, control: 7 };

/** Outermost first. */
const tagStacks: readonly (readonly Tag[])[] = [
  [tag7],
  [priorityTag],
  [serviceTag7],
  [oldTag7],
  [serviceTag7, tag9],
  [tag7, tag9],
  [tag7, oldTag7],
  [oldTag7, tag9],
  [serviceTag7, tag9, tag7],
];

/** What the kernel puts on itself; whatever else it is asked for, it writes as 0x8100. */
const stacksOfTheKernel = tagStacks.filter((tags) => tags.every(({ protocol }) => protocol !== oldTag7.protocol));

const flows = [
  'tcp 10.9.0.1:40000 > 10.9.0.2:22',
  'tcp[ack,psh] 10.9.0.2:22 > 10.9.0.1:40000 len 300',
  'udp 10.9.0.1:5000 > 198.51.100.9:53 len 61',
  'icmp 10.9.0.1 > 198.51.100.9 len 98',
  'tcp [fd99::1]:40000 > [fd99::2]:22',
  'udp [fd99::1]:123 > [fd99::3]:53 len 640',
];

/** What a path from one interface to another with an MTU of 9,000 bytes must carry. */
export function wireFrames(): readonly WireFrame[] {
  return [
    ...samplePackets('EN10MB').map(longEnough),
    ...plainFrames(),
    ...taggedFrames(),
    ...shortFrames(),
    ...jumboFrames(),
  ];
}

/** Frames that get their tags from the kernel, and the way they are sent. */
export function framesToBeTagged(): readonly FrameToBeTagged[] {
  const short = shortFrames().filter(({ name }) => name.startsWith('untagged'));
  const ways = ['socket', 'ring'] as const;
  return [
    ...stacksOfTheKernel.flatMap((tags) => ways.flatMap((way) => plainFrames().map((frame) => ({ way, frame, tags })))),
    ...[tag9, serviceTag7, oldTag7].flatMap((inner) =>
      plainFrames().map((frame) => ({ way: 'socket', frame: behindTags(frame, [inner]), tags: [tag7] }) as const),
    ),
    ...short.map((frame) => ({ way: 'socket', frame, tags: [tag7] }) as const),
    ...jumboFrames()
      .slice(0, 1)
      .map((frame) => ({ way: 'socket', frame, tags: [serviceTag7] }) as const),
    ...mergedFrames()
      .slice(0, 5)
      .map((frame) => ({ way: 'merged', frame, tags: [tag7] }) as const),
  ];
}

export interface FrameToBeTagged {
  readonly way: 'socket' | 'ring' | 'merged';
  readonly frame: WireFrame;
  readonly tags: readonly Tag[];
}

/** Frames of TCP and UDP that are to be cut into segments of 1,448 bytes on their way. */
export function mergedFrames(): readonly WireFrame[] {
  const merged = [
    'tcp[ack] 10.9.0.1:40000 > 10.9.0.2:22 len 3000',
    'tcp[ack] 10.9.0.1:22 > 10.9.0.2:40000 len 62000',
    'tcp[ack,psh] [fd99::1]:40000 > [fd99::2]:22 len 20000',
    'udp 10.9.0.1:5000 > 10.9.0.2:53 len 30000',
    'udp [fd99::1]:5000 > [fd99::2]:54 len 9000',
  ].map(frameOfFlow);
  return [...merged, ...merged.map((frame) => behindTags(frame, [tag7]))];
}

/** The tags put in behind the addresses. */
export function behindTags(frame: WireFrame, tags: readonly Tag[]): WireFrame {
  const addresses = 12;
  const written = tags.flatMap(({ protocol, control }) => [
    protocol >> 8,
    protocol & 0xff,
    control >> 8,
    control & 0xff,
  ]);
  const bytes = concat(frame.bytes.subarray(0, addresses), Uint8Array.from(written), frame.bytes.subarray(addresses));
  return { name: [...tags.map(nameOf), frame.name].join(' '), bytes };
}

function nameOf({ protocol, control }: Tag): string {
  return `${protocol.toString(16)}:${control}`;
}

/** A frame whose payload no load from a wrong place can be mistaken on. */
export function frameOfFlow(text: string): WireFrame {
  const bytes = frameOf(parseFlow(text));
  const payload = bytes.subarray(Math.min(bytes.length, 74));
  payload.fill(0x5a);
  if (payload.length > 2) payload.set([0xbe, 0xef], payload.length - 2);
  return { name: text, bytes };
}

/** Packet sockets send no frame without a whole Ethernet header. */
function longEnough(frame: WireFrame): WireFrame {
  return frame.bytes.length >= 14
    ? frame
    : { ...frame, bytes: concat(frame.bytes, new Uint8Array(14 - frame.bytes.length)) };
}

function plainFrames(): readonly WireFrame[] {
  return flows.map(frameOfFlow);
}

function taggedFrames(): readonly WireFrame[] {
  return tagStacks.flatMap((tags) => plainFrames().map((frame) => behindTags(frame, tags)));
}

/** Cut off at every length of interest from 14 to 60 bytes. */
function shortFrames(): readonly WireFrame[] {
  const whole = frameOfFlow('tcp[ack] 10.9.0.1:40000 > 10.9.0.2:22 len 80');
  const kinds = [
    { ...whole, name: 'untagged' },
    behindTags({ ...whole, name: 'tagged' }, [tag7]),
    behindTags({ ...whole, name: 'tagged' }, [serviceTag7, tag9]),
    behindTags({ ...whole, name: 'tagged' }, [oldTag7]),
  ];
  const lengths = [14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 26, 30, 33, 34, 38, 42, 46, 54, 58, 59, 60];
  return kinds.flatMap(({ name, bytes }) =>
    lengths.map((length) => ({ name: `${name} cut to ${length}`, bytes: bytes.subarray(0, length) })),
  );
}

function jumboFrames(): readonly WireFrame[] {
  const sized = (length: number): WireFrame => frameOfFlow(`tcp[ack] 10.9.0.1:40000 > 10.9.0.2:22 len ${length}`);
  return [
    sized(9000),
    sized(9014),
    sized(3600),
    sized(4090),
    sized(5000),
    behindTags(sized(9014), [tag7]),
    behindTags(sized(5000), [serviceTag7]),
    behindTags(sized(8800), [serviceTag7, tag9]),
    behindTags(sized(5000), [oldTag7]),
    frameOfFlow('udp [fd99::1]:123 > [fd99::3]:53 len 9014'),
  ];
}
