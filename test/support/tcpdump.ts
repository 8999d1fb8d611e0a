import { spawnSync } from 'node:child_process';

export function hasTcpdump(): boolean {
  return spawnSync('tcpdump', ['--version']).error === undefined;
}

/** What tcpdump prints; throws with its own words where it refuses. */
export function tcpdump(...words: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('tcpdump', words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`tcpdump ${words.join(' ')}: ${stderr}`);
  return stdout;
}

export interface TcpdumpPacket {
  /** Microseconds since 1970. */
  readonly time: number;
  /** The captured bytes as hexadecimal digits. */
  readonly bytes: string;
  /** Length on the wire. */
  readonly length: number;
}

const fileHeaderBytes = 24;
const recordHeaderBytes = 16;

/**
 * The packets that tcpdump reads from a capture, as it writes them; those before the damage of a damaged one.
 * @param filter without it, all
 */
export function tcpdumpPackets(path: string, filter = ''): readonly TcpdumpPacket[] {
  const written = spawnSync('tcpdump', ['-r', path, '-w', '-', filter], { maxBuffer: 1 << 30 }).stdout;
  const packets: TcpdumpPacket[] = [];
  for (let at = fileHeaderBytes; at < written.length;) {
    const captured = written.readUInt32LE(at + 8);
    const start = at + recordHeaderBytes;
    packets.push({
      time: written.readUInt32LE(at) * 1e6 + written.readUInt32LE(at + 4),
      bytes: written.toString('hex', start, start + captured),
      length: written.readUInt32LE(at + 12),
    });
    at = start + captured;
  }
  return packets;
}
