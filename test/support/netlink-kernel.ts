import { encodeAttributes, joinBytes, textAttribute } from '../../src/kernel/netlink/attribute.ts';
import { encodeMessage, messageFlags, messageTypes, parseMessages } from '../../src/kernel/netlink/message.ts';
import type { Message } from '../../src/kernel/netlink/message.ts';
import { recordingKernel } from '../../src/kernel/recording.ts';
import type { RecordingKernel } from '../../src/kernel/recording.ts';

/** A message as a test writes it: what is absent is the request's sequence, and no flags. */
export type Reply = Partial<Message> & Pick<Message, 'type' | 'body'>;

/** A datagram of replies, from port 0 (the kernel) unless said. */
export interface Datagram {
  readonly replies: readonly Reply[];
  readonly senderPort?: number;
}

/** A kernel that answers each netlink request with the datagrams that `answer` gives. */
export function netlinkKernel(answer: (request: Message) => readonly Datagram[]): RecordingKernel {
  let waiting: { bytes: Uint8Array; senderPort: number }[] = [];
  return recordingKernel({
    answers: {
      send(_descriptor, bytes) {
        const request = parseMessages(bytes)[0]!;
        waiting = answer(request).map(({ replies, senderPort = 0 }) => ({
          bytes: joinBytes(replies.map((reply) => encodeMessage({ flags: 0, sequence: request.sequence, ...reply }))),
          senderPort,
        }));
        return bytes.length;
      },
      receiveMessage(_descriptor, { data, address }) {
        const { bytes, senderPort } = waiting.shift()!;
        data.set(bytes);
        new DataView(address!.buffer).setUint32(4, senderPort, true);
        return { length: bytes.length, addressLength: 12, controlLength: 0, flags: 0 };
      },
    },
  });
}

/** NLMSG_ERROR as the kernel sends it with NETLINK_CAP_ACK: error, header of the request, the text. */
export function acknowledgement(errno: number, text?: string): Reply {
  const fixed = new Uint8Array(20);
  const view = new DataView(fixed.buffer);
  view.setInt32(0, -errno, true);
  view.setUint32(4, 16, true);
  if (text === undefined) return { type: messageTypes.error, flags: messageFlags.capped, body: fixed };
  return {
    type: messageTypes.error,
    flags: messageFlags.capped | messageFlags.acknowledgementAttributes,
    body: joinBytes([fixed, encodeAttributes([textAttribute(1, text)])]),
  };
}

/** NLMSG_DONE. */
export function endOfDump(errno = 0): Reply {
  const body = new Uint8Array(4);
  new DataView(body.buffer).setInt32(0, -errno, true);
  return { type: messageTypes.done, body };
}

/** The netlink requests that a kernel was asked to send. */
export function sentRequests(kernel: RecordingKernel): readonly Message[] {
  return kernel.calls
    .filter(({ call }) => call === 'send')
    .map(({ values }) => parseMessages(values[1] as Uint8Array)[0]!);
}
