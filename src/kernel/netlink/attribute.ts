/** A netlink attribute to be sent: bytes, or attributes inside it. */
export interface Attribute {
  readonly type: number;
  readonly content: Uint8Array | readonly Attribute[];
}

/** Attributes by type; of several with one type the last. */
export type Attributes = ReadonlyMap<number, Uint8Array>;

const headerSize = 4;
const NLA_F_NESTED = 0x8000;
/** The two highest bits of a type are flags (nested, network byte order). */
const typeMask = 0x3fff;

export function u32Attribute(type: number, value: number): Attribute {
  const content = new Uint8Array(4);
  new DataView(content.buffer).setUint32(0, value >>> 0, true);
  return { type, content };
}

/** UTF-8 with a zero byte at its end. */
export function textAttribute(type: number, text: string): Attribute {
  return { type, content: new TextEncoder().encode(`${text}\0`) };
}

/** The attributes as bytes, each padded to 4 (`struct nlattr`: length, type, content). */
export function encodeAttributes(attributes: readonly Attribute[]): Uint8Array {
  return joinBytes(attributes.map(encodeAttribute));
}

function encodeAttribute({ type, content }: Attribute): Uint8Array {
  const nested = !(content instanceof Uint8Array);
  const inside = nested ? encodeAttributes(content) : content;
  const bytes = new Uint8Array(align(headerSize + inside.length));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, headerSize + inside.length, true);
  view.setUint16(2, nested ? type | NLA_F_NESTED : type, true);
  bytes.set(inside, headerSize);
  return bytes;
}

/** Attributes of a message or of a nested attribute; a broken rest is left out. */
export function parseAttributes(bytes: Uint8Array): Attributes {
  return new Map(listAttributes(bytes));
}

/** As `parseAttributes`, where several may have one type. */
export function listAttributes(bytes: Uint8Array): readonly (readonly [type: number, content: Uint8Array])[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: (readonly [number, Uint8Array])[] = [];
  for (let at = 0; at + headerSize <= bytes.length;) {
    const length = view.getUint16(at, true);
    if (length < headerSize || at + length > bytes.length) break;
    found.push([view.getUint16(at + 2, true) & typeMask, bytes.subarray(at + headerSize, at + length)]);
    at += align(length);
  }
  return found;
}

/** What is inside a nested attribute; nothing where it is absent. */
export function nested(attributes: Attributes, type: number): Attributes {
  return parseAttributes(attributes.get(type) ?? new Uint8Array());
}

export function u32Of(attributes: Attributes, type: number): number | undefined {
  const bytes = attributes.get(type);
  if (bytes === undefined || bytes.length < 4) return undefined;
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
}

/** A text attribute, with or without its zero byte. */
export function textOf(attributes: Attributes, type: number): string | undefined {
  const bytes = attributes.get(type);
  if (bytes === undefined) return undefined;
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** Netlink pads everything to 4 bytes. */
export function align(length: number): number {
  return (length + 3) & ~3;
}

export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
