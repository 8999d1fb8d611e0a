import type { Scalar } from 'yaml';

type Style = Scalar['type'];

/** Lengths of escapes in double quotes by the character behind the backslash; all others have 2. */
const escapeLengths: Readonly<Record<string, number>> = { x: 4, u: 6, U: 10 };

/** Escapes in double quotes that stand for white space or a line end that is none. */
const whiteEscape = /\\(?:[\s0abtnvfre_NLP]|x(?:09|0[aAdD]|20)|u00(?:09|0[aAdD]|20))/y;

const isWhite = (character: string | undefined): boolean => character !== undefined && /\s/.test(character);

/**
 * Where each character of a scalar's content stands in what was written: quotes, escapes, indentation and folded lines
 * are in between. White space is only followed roughly, for no one points at it.
 * @param written the scalar as it stands in the source, from its first quote or block header on
 * @returns an offset into `written` for each UTF-16 unit of the content; undefined where the two do not fit
 */
export function contentOffsets(written: string, content: string, style: Style): readonly number[] | undefined {
  const offsets: number[] = [];
  let at = firstOffset(written, style);
  for (let i = 0; i < content.length; i++) {
    const character = content[i] as string;
    if (isWhite(character)) {
      offsets.push(Math.min(at, written.length));
      if (isWhite(written[at])) at++;
      continue;
    }
    at = skipWhite(written, at, style);
    offsets.push(at);
    if (style === 'QUOTE_DOUBLE' && written[at] === '\\') at += escapeLength(written, at);
    else if (written[at] !== character) return undefined;
    else at += style === 'QUOTE_SINGLE' && character === "'" ? 2 : 1;
  }
  return offsets;
}

function firstOffset(written: string, style: Style): number {
  switch (style) {
    case 'QUOTE_DOUBLE':
    case 'QUOTE_SINGLE':
      return 1;
    case 'BLOCK_FOLDED':
    case 'BLOCK_LITERAL':
      return written.indexOf('\n') + 1;
    default:
      return 0;
  }
}

/** Also what stands for white space in double quotes. */
function skipWhite(written: string, from: number, style: Style): number {
  let at = from;
  for (;;) {
    whiteEscape.lastIndex = at;
    if (isWhite(written[at])) at++;
    else if (style === 'QUOTE_DOUBLE' && whiteEscape.test(written)) at = whiteEscape.lastIndex;
    else return at;
  }
}

function escapeLength(written: string, at: number): number {
  return escapeLengths[written[at + 1] ?? ''] ?? 2;
}
