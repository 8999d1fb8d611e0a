/**
 * BTF, the type information that the kernel keeps with a program; here only as much as line information needs: the
 * program as a function of one context. Format: the kernel's Documentation/bpf/btf.rst.
 */

/** A string table in which equal strings share a place; the empty string is at 0. */
export interface StringTable {
  offsetOf(text: string): number;
  toBytes(): Uint8Array;
}

/** UTF-8, each string with a NUL behind it; NULs inside become spaces. */
export function createStringTable(encodeText: (text: string) => Uint8Array): StringTable {
  const offsets = new Map<string, number>([['', 0]]);
  const parts: Uint8Array[] = [new Uint8Array(1)];
  let length = 1;
  return {
    offsetOf(text) {
      const known = offsets.get(text);
      if (known !== undefined) return known;
      const bytes = encodeText(`${text.replaceAll('\0', ' ')}\0`);
      const offset = length;
      parts.push(bytes);
      length += bytes.length;
      offsets.set(text, offset);
      return offset;
    },
    toBytes() {
      const all = new Uint8Array(length);
      let at = 0;
      for (const part of parts) {
        all.set(part, at);
        at += part.length;
      }
      return all;
    },
  };
}

const kind = {
  integer: 1,
  pointer: 2,
  array: 3,
  structure: 4,
  forward: 7,
  function: 12,
  prototype: 13,
  variable: 14,
  section: 15,
} as const;

/** Numbers of `enum btf_func_linkage`. */
const functionLinkage = { static: 0, global: 1, extern: 2 } as const;

/** Collects types; each method returns the number of the new type. */
export interface TypeTable {
  integer(name: string, bytes: number, signed: boolean): number;
  pointer(to: number): number;
  array(element: number, index: number, count: number): number;
  /** Members with their offsets in bytes. */
  structure(
    name: string,
    bytes: number,
    members: readonly (readonly [name: string, type: number, offset: number])[],
  ): number;
  /** A structure of which no more than the name is told. */
  forward(name: string): number;
  prototype(result: number, parameters: readonly (readonly [name: string, type: number])[]): number;
  function(name: string, prototype: number, linkage: keyof typeof functionLinkage): number;
  variable(name: string, type: number): number;
  /** A section of an object file with its variables: type, offset, size. */
  section(
    name: string,
    bytes: number,
    variables: readonly (readonly [type: number, offset: number, bytes: number])[],
  ): number;
  toBytes(): Uint8Array;
}

export function createTypeTable(strings: StringTable): TypeTable {
  const words: number[] = [];
  let types = 0;
  const add = (
    name: string,
    kindNumber: number,
    count: number,
    sizeOrType: number,
    ...rest: readonly number[]
  ): number => {
    words.push(strings.offsetOf(name), (kindNumber << 24) | count, sizeOrType, ...rest);
    types++;
    return types;
  };
  return {
    integer: (name, bytes, signed) => add(name, kind.integer, 0, bytes, ((signed ? 1 : 0) << 24) | (bytes * 8)),
    pointer: (to) => add('', kind.pointer, 0, to),
    array: (element, index, count) => add('', kind.array, 0, 0, element, index, count),
    structure: (name, bytes, members) =>
      add(
        name,
        kind.structure,
        members.length,
        bytes,
        ...members.flatMap(([member, type, offset]) => [strings.offsetOf(member), type, offset * 8]),
      ),
    forward: (name) => add(name, kind.forward, 0, 0),
    prototype: (result, parameters) =>
      add(
        '',
        kind.prototype,
        parameters.length,
        result,
        ...parameters.flatMap(([name, type]) => [strings.offsetOf(name), type]),
      ),
    function: (name, prototype, linkage) => add(name, kind.function, functionLinkage[linkage], prototype),
    variable: (name, type) => add(name, kind.variable, 0, type, 1),
    section: (name, bytes, variables) => add(name, kind.section, variables.length, bytes, ...variables.flat()),
    toBytes() {
      return bytesOfWords(words);
    },
  };
}

const magic = 0xeb9f;
const headerLength = 24;

/** The BTF blob of types and strings, as BPF_BTF_LOAD and the section `.BTF` take it. */
export function btfOf(types: TypeTable, strings: StringTable): Uint8Array {
  const typeBytes = types.toBytes();
  const stringBytes = strings.toBytes();
  const header = bytesOfWords([
    magic | (1 << 16),
    headerLength,
    0,
    typeBytes.length,
    typeBytes.length,
    stringBytes.length,
  ]);
  const all = new Uint8Array(headerLength + typeBytes.length + stringBytes.length);
  all.set(header);
  all.set(typeBytes, headerLength);
  all.set(stringBytes, headerLength + typeBytes.length);
  return all;
}

/** 32-bit numbers, little-endian. */
export function bytesOfWords(words: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(words.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [index, word] of words.entries()) view.setUint32(index * 4, word >>> 0, true);
  return bytes;
}
