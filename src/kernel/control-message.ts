/** A control message of recvmsg(2) (`struct cmsghdr` of a 64-bit Linux and what follows it). */
export interface ControlMessage {
  readonly level: number;
  readonly type: number;
  readonly content: Uint8Array;
}

const headerSize = 16;

export function controlMessages(bytes: Uint8Array): readonly ControlMessage[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: ControlMessage[] = [];
  for (let at = 0; at + headerSize <= bytes.length;) {
    const length = view.getUint32(at, true);
    if (length < headerSize || at + length > bytes.length) break;
    found.push({
      level: view.getInt32(at + 8, true),
      type: view.getInt32(at + 12, true),
      content: bytes.subarray(at + headerSize, at + length),
    });
    at += (length + 7) & ~7;
  }
  return found;
}
