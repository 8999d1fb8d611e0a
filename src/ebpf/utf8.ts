/** UTF-8 by hand, for this folder knows neither Node nor the DOM; a lone surrogate becomes U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const character of text) {
    const codePoint = character.codePointAt(0) as number;
    bytes.push(...bytesOf(codePoint >= 0xd800 && codePoint <= 0xdfff ? 0xfffd : codePoint));
  }
  return Uint8Array.from(bytes);
}

function bytesOf(codePoint: number): readonly number[] {
  if (codePoint < 0x80) return [codePoint];
  if (codePoint < 0x800) return [0xc0 | (codePoint >> 6), tail(codePoint)];
  if (codePoint < 0x10000) return [0xe0 | (codePoint >> 12), tail(codePoint >> 6), tail(codePoint)];
  return [0xf0 | (codePoint >> 18), tail(codePoint >> 12), tail(codePoint >> 6), tail(codePoint)];
}

function tail(bits: number): number {
  return 0x80 | (bits & 0x3f);
}
