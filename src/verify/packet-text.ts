/** What is wrong with a packet in hexadecimal, and where in its text. */
export class PacketTextError extends Error {
  readonly start: number;
  readonly end: number;

  constructor(message: string, start: number, end: number) {
    super(message);
    this.name = 'PacketTextError';
    this.start = start;
    this.end = end;
  }
}

/** The longest frame that a capture can hold. */
const longest = 262_144;

/**
 * The bytes of a packet in hexadecimal, with any blanks and colons between them, and, as `tcpdump -xx` prints them,
 * offsets (`0x0010:`) before each line.
 * @throws PacketTextError
 */
export function parsePacketText(text: string): Uint8Array {
  const blanked = text.replace(/0x[0-9a-fA-F]{4,}:/g, (offset) => ' '.repeat(offset.length));
  const wrong = blanked.search(/[^0-9a-fA-F\s:]/);
  if (wrong >= 0) throw new PacketTextError('a packet is written in hexadecimal digits', wrong, wrong + 1);
  const digits = blanked.replace(/[\s:]/g, '');
  if (digits.length === 0) throw new PacketTextError('a packet has at least one byte', 0, text.length);
  if (digits.length % 2 === 1) {
    const end = text.trimEnd().length;
    throw new PacketTextError('the last byte has only one digit', end - 1, end);
  }
  if (digits.length / 2 > longest) throw new PacketTextError(`a packet has at most ${longest} bytes`, 0, text.length);
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}
