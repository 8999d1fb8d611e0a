/**
 * Fields of `union bpf_attr`, by their offset in bytes. The three architectures that pktf knows are little-endian, and
 * so is everything here; a 64-bit field whose value fits 32 bits is written as its low half.
 */
export type Fields = Readonly<Record<number, number>>;

/** The attributes of one command: `size` zero bytes with 32-bit `fields` set. Descriptors may be negative. */
export function attributes(size: number, fields: Fields): Uint8Array {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  for (const [offset, value] of Object.entries(fields)) view.setUint32(Number(offset), value >>> 0, true);
  return bytes;
}

/** Reads what the kernel wrote. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A path or a licence as the kernel wants it: UTF-8 with a zero byte at its end. */
export function cString(text: string): Uint8Array {
  return new TextEncoder().encode(`${text}\0`);
}

/** The text before the first zero byte. */
export function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** Names of programs and maps: 15 characters and a zero byte (`BPF_OBJ_NAME_LEN` 16). */
const objectNameLength = 15;

/** Writes an object's name at `offset`. The kernel takes letters, digits, `_` and `.` only. */
export function setObjectName(bytes: Uint8Array, offset: number, name: string): void {
  if (!/^[A-Za-z0-9_.]*$/.test(name) || name.length > objectNameLength)
    throw new RangeError(`not a name for a BPF object: ${JSON.stringify(name)}`);
  bytes.set(new TextEncoder().encode(name), offset);
}
