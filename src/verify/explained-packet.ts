import { openCapture } from '../capture/open.ts';
import type { LinkType } from '../ir/link-type.ts';
import { wholePacket } from '../ir/packet.ts';
import { FlowError, parseFlow } from '../packet/flow.ts';
import { FlowFrameError, frameOf } from '../packet/flow-frame.ts';
import { packetOfBatch } from '../replay/packet-of-batch.ts';
import type { ExplainedPacket } from './explain.ts';
import { PacketTextError, parsePacketText } from './packet-text.ts';

/** What the user wrote stands for no packet. The message is one line for people. */
export class NoSuchPacket extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'NoSuchPacket';
  }
}

/** @throws NoSuchPacket */
export function packetOfFlow(text: string, linkType: LinkType): ExplainedPacket {
  try {
    return { packet: wholePacket(frameOf(parseFlow(text), linkType)), linkType };
  } catch (failure) {
    if (failure instanceof FlowError || failure instanceof FlowFrameError) throw new NoSuchPacket(failure.message);
    throw failure;
  }
}

/** @throws NoSuchPacket */
export function packetOfHex(text: string, linkType: LinkType): ExplainedPacket {
  try {
    return { packet: wholePacket(parsePacketText(text)), linkType };
  } catch (failure) {
    if (failure instanceof PacketTextError) throw new NoSuchPacket(failure.message);
    throw failure;
  }
}

/**
 * A packet of a capture.
 * @param place `traffic.pcap:7`, the first packet being 1
 * @throws NoSuchPacket, CaptureError
 */
export async function packetOfCapture(place: string): Promise<ExplainedPacket> {
  const [, path, digits] = /^(.+):([0-9]+)$/s.exec(place) ?? [];
  if (path === undefined || Number(digits) === 0) {
    throw new NoSuchPacket(`a packet of a capture is FILE:NUMBER, the first being 1, not "${place}"`);
  }
  const wanted = Number(digits);
  const capture = await openCapture(path);
  let read = 0;
  try {
    for await (const batch of capture.batches()) {
      const index = wanted - batch.firstNumber;
      if (index < batch.count && index >= 0) {
        if (typeof batch.linkType === 'string')
          return { packet: packetOfBatch(batch, index), linkType: batch.linkType };
        throw new NoSuchPacket(`${place} has link type ${batch.linkType.fileValue}, for which pktf has no filters`);
      }
      read = batch.firstNumber + batch.count - 1;
    }
  } finally {
    capture.close();
  }
  throw new NoSuchPacket(`${path} has only ${read} packets`);
}
