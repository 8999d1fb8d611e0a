import type { Packet } from '../../src/ir/packet.ts';

/** A filter and a packet about which engines disagree. */
export interface Case {
  readonly text: string;
  readonly packet: Packet;
}

/** How many smaller cases are tried. */
const mostAttempts = 1500;

/** The smallest case found that still shows the disagreement: words left out, bytes cut off, bytes set to 0. */
export async function minimize(found: Case, shows: (smaller: Case) => Promise<boolean>): Promise<Case> {
  let smallest = found;
  let attempts = 0;
  const tryCase = async (smaller: Case): Promise<boolean> => {
    if (attempts++ > mostAttempts || !(await shows(smaller))) return false;
    smallest = smaller;
    return true;
  };
  await removeWords(found.text, async (text) => tryCase({ ...smallest, text }));
  await cutBytes(
    () => smallest.packet,
    async (packet) => tryCase({ ...smallest, packet }),
  );
  await clearBytes(
    () => smallest.packet,
    async (packet) => tryCase({ ...smallest, packet }),
  );
  return smallest;
}

async function removeWords(text: string, accept: (text: string) => Promise<boolean>): Promise<void> {
  let words = text.split(/(?<=[()\s])|(?=[()\s])/);
  for (let size = words.length >> 1; size > 0; size = size > 1 ? size >> 1 : 0) {
    for (let at = 0; at + size <= words.length;) {
      const fewer = [...words.slice(0, at), ...words.slice(at + size)];
      if (await accept(fewer.join(''))) words = fewer;
      else at++;
    }
  }
}

async function cutBytes(current: () => Packet, accept: (packet: Packet) => Promise<boolean>): Promise<void> {
  for (let step = current().bytes.length >> 1; step > 0; step >>= 1) {
    const { bytes, length } = current();
    const isWhole = bytes.length === length;
    const left = bytes.subarray(0, bytes.length - step);
    if (bytes.length > step) await accept({ bytes: left, length: isWhole ? left.length : length });
  }
}

async function clearBytes(current: () => Packet, accept: (packet: Packet) => Promise<boolean>): Promise<void> {
  for (let at = 0; at < current().bytes.length; at++) {
    const { bytes, length } = current();
    if (bytes[at] === 0) continue;
    const cleared = Uint8Array.from(bytes);
    cleared[at] = 0;
    await accept({ bytes: cleared, length });
  }
}
