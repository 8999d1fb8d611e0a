import type { LinkType } from '../ir/link-type.ts';
import type { UnsupportedLinkType } from './batch.ts';
import type { PacketColumns } from './columns.ts';
import { linkTypeOf, longestRecord } from './pcap-format.ts';
import { option, padded } from './pcapng-format.ts';

/** An interface of a pcapng section: what its description block says. */
export interface CaptureInterface {
  readonly linkType: LinkType | UnsupportedLinkType;
  /** 0 is no limit. */
  readonly snaplen: number;
  /** The longest packet that is taken for real. */
  readonly longest: number;
  /** Units of its time stamps; 10^n or 2^n. */
  readonly unitsPerSecond: bigint;
  /** Seconds to add. */
  readonly timeOffset: number;
}

/** An interface description block that contradicts the format; the message is part of a line. */
export class InterfaceError extends Error {}

/**
 * Reads the body of an interface description block.
 * @param end where the body ends
 * @throws InterfaceError
 */
export function parseInterface(view: DataView, start: number, end: number, littleEndian: boolean): CaptureInterface {
  if (start + 8 > end) throw new InterfaceError('an interface description is too short');
  const linkTypeValue = view.getUint16(start, littleEndian);
  let unitsPerSecond = 1_000_000n;
  let timeOffset = 0;
  for (const { code, at, length } of optionsOf(view, start + 8, end, littleEndian)) {
    if (code === option.timeResolution && length === 1) unitsPerSecond = resolutionOf(view.getUint8(at));
    if (code === option.timeOffset && length === 8) timeOffset = Number(view.getBigInt64(at, littleEndian));
  }
  return {
    linkType: linkTypeOf(linkTypeValue),
    snaplen: view.getUint32(start + 4, littleEndian),
    longest: longestRecord(linkTypeValue),
    unitsPerSecond,
    timeOffset,
  };
}

interface OptionPlace {
  readonly code: number;
  /** Of the value. */
  readonly at: number;
  readonly length: number;
}

function* optionsOf(view: DataView, start: number, end: number, littleEndian: boolean): Generator<OptionPlace> {
  let position = start;
  while (position + 4 <= end) {
    const code = view.getUint16(position, littleEndian);
    const length = view.getUint16(position + 2, littleEndian);
    if (code === option.end) return;
    if (position + 4 + length > end) throw new InterfaceError('an option of an interface description is cut short');
    yield { code, at: position + 4, length };
    position += 4 + padded(length);
  }
}

/** The highest bit chooses between powers of ten and of two. */
function resolutionOf(value: number): bigint {
  const exponent = value & 0x7f;
  const isBinary = (value & 0x80) !== 0;
  // Finer ones do not fit into 64 bits, which time stamps have.
  if (exponent > (isBinary ? 63 : 19)) {
    throw new InterfaceError(`time stamps in units of ${isBinary ? 2 : 10}^-${exponent} seconds are too fine`);
  }
  return isBinary ? 1n << BigInt(exponent) : 10n ** BigInt(exponent);
}

const nanosecondsPerSecond = 1_000_000_000n;

/** Enters a time stamp of 64 bits as seconds and nanoseconds. */
export function enterTime(
  columns: PacketColumns,
  index: number,
  high: number,
  low: number,
  from: CaptureInterface,
): void {
  const { unitsPerSecond, timeOffset } = from;
  if (nanosecondsPerSecond % unitsPerSecond === 0n) enterDecimalTime(columns, index, high, low, Number(unitsPerSecond));
  else {
    const units = (BigInt(high) << 32n) | BigInt(low);
    columns.seconds[index] = Number(units / unitsPerSecond);
    columns.nanoseconds[index] = Number(((units % unitsPerSecond) * nanosecondsPerSecond) / unitsPerSecond);
  }
  if (timeOffset !== 0) columns.seconds[index] = (columns.seconds[index] as number) + timeOffset;
}

/**
 * Long division in digits of 16 bits: with at most 10^9 units a second every step is exact in a float64, and ten times
 * as fast as with bigints.
 */
function enterDecimalTime(
  { seconds, nanoseconds }: PacketColumns,
  index: number,
  high: number,
  low: number,
  units: number,
): void {
  let quotient = Math.floor(high / units);
  let remainder = high - quotient * units;
  for (const digit of [low >>> 16, low & 0xffff]) {
    const value = remainder * 65_536 + digit;
    const digitQuotient = Math.floor(value / units);
    quotient = quotient * 65_536 + digitQuotient;
    remainder = value - digitQuotient * units;
  }
  seconds[index] = quotient;
  nanoseconds[index] = remainder * (1_000_000_000 / units);
}
