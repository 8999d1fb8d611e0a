import { framesToBeTagged, behindTags, mergedFrames, wireFrames, type Tag, type WireFrame } from './frames.ts';
import type { Hook } from './hook.ts';

/** A frame and the way it is sent. */
export interface Transmission {
  readonly name: string;
  readonly by: Way;
  /** What is handed to the sending socket. */
  readonly handed: Uint8Array;
  /** Tags that the sender's kernel then puts on, outermost first: that one into metadata, the others into the bytes. */
  readonly pushed: readonly Tag[];
  /** What is on the wire. */
  readonly wire: Uint8Array;
  /** What is on the wire, less the tag in metadata: what XDP sees where that tag stays there. */
  readonly wireWithoutMetadata: Uint8Array;
}

/** By send(2), by a ring in shared memory, or as a packet that is yet to be segmented. */
export type Way = 'socket' | 'ring' | 'merged';

export function transmission(by: Way, frame: WireFrame, pushed: readonly Tag[] = []): Transmission {
  const wire = behindTags(frame, pushed);
  return {
    name: `${wire.name} by ${by}${pushed.length === 0 ? '' : ', tagged by the kernel'}`,
    by,
    handed: frame.bytes,
    pushed,
    wire: wire.bytes,
    wireWithoutMetadata: behindTags(frame, pushed.slice(1)).bytes,
  };
}

/** Every frame that there is, by send(2) and by a ring; merged ones; those that get their tag from the kernel. */
export function allTransmissions(): readonly Transmission[] {
  const ways = ['socket', 'ring'] as const;
  return [
    ...ways.flatMap((by) => wireFrames().map((frame) => transmission(by, frame))),
    ...mergedFrames().map((frame) => transmission('merged', frame)),
    ...taggedByTheKernel(),
  ];
}

export function taggedByTheKernel(): readonly Transmission[] {
  return framesToBeTagged().map(({ way, frame, tags }) => transmission(way, frame, tags));
}

/** What a hook must say of a frame. */
export interface Expected {
  /** Whether the frame gets there at all. */
  readonly arrives: boolean;
  readonly matches: boolean;
  readonly bytes: number;
}

/**
 * @param tagOffload whether tags in metadata stay there on their way, where XDP cannot see them (see `inspectTags`)
 * @param matches what the filter says of a frame in a capture
 */
export function expectedAt(
  hook: Hook,
  { pushed, wire, wireWithoutMetadata }: Transmission,
  tagOffload: boolean,
  matches: (frame: Uint8Array) => boolean,
): Expected {
  const tagStaysInMetadata = tagOffload && pushed.length > 0;
  const blind = tagStaysInMetadata && (hook === 'xdp native' || hook === 'xdp generic');
  const visible = blind ? wireWithoutMetadata : wire;
  const dropped = behindUntagging.includes(hook) && !tagStaysInMetadata && cannotBeUntagged(wire);
  return { arrives: !dropped, matches: !dropped && matches(visible), bytes: visible.length };
}

const behindUntagging: readonly Hook[] = ['tc ingress', 'receiving socket'];

/** Where a tag ends with the frame, or all but, Linux takes it for broken and drops it before TC ingress (skb_vlan_untag). */
function cannotBeUntagged(wire: Uint8Array): boolean {
  const shortest = 20;
  const protocol = ((wire[12] as number) << 8) | (wire[13] as number);
  return (protocol === 0x8100 || protocol === 0x88a8) && wire.length < shortest;
}
