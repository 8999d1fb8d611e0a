import { positionOf, type Span } from '../ir/span.ts';
import type { Diagnostic } from './diagnostic.ts';

const tabWidth = 4;
/** Source lines are cut to about this many columns around the carets. */
const shownColumns = 100;

/**
 * The caret picture of a diagnostic, as it is printed:
 *
 *     filter:1:10: error: unknown port 'htp'
 *     tcp port htp
 *              ^^^
 *     help: only /etc/services is asked: write the number
 */
export function render(diagnostic: Diagnostic): string {
  const { span, severity, message, help } = diagnostic;
  const { line, column } = positionOf(span.source, span.start);
  const lines = [`${visible(span.source.name)}:${line}:${column}: ${severity}: ${message}`, ...picture(span)];
  if (help !== undefined) lines.push(`help: ${help}`);
  return lines.join('\n');
}

/** Text with control characters, line breaks and invisible characters written out, so that it cannot play tricks on a terminal. */
export function visible(text: string): string {
  // C0, DEL, C1, line and paragraph separators, direction marks, lone surrogates, byte order mark.
  return text.replaceAll(
    // oxlint-disable-next-line no-control-regex
    /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
    (character) => `\\u{${character.charCodeAt(0).toString(16)}}`,
  );
}

/** The source line and the carets below it. A span over several lines is marked on its first. */
function picture(span: Span): readonly string[] {
  const { text } = span.source;
  const lineStart = text.slice(0, span.start).lastIndexOf('\n') + 1;
  const lineBreak = text.indexOf('\n', span.start);
  const lineEnd = lineBreak < 0 ? text.length : lineBreak;
  const markEnd = Math.max(Math.min(span.end, lineEnd), span.start);

  const from = Math.max(lineStart, span.start - shownColumns / 2);
  const to = Math.min(lineEnd, Math.max(span.start + shownColumns / 2, Math.min(markEnd, span.start + shownColumns)));
  const before = columns(text.slice(from, span.start));
  const marked = columns(text.slice(span.start, Math.min(markEnd, to)));
  const after = columns(text.slice(Math.min(markEnd, to), to).replace(/\r$/, ''));

  const head = from > lineStart ? '...' : '';
  const tail = to < lineEnd ? '...' : '';
  const shown = `${head}${before}${marked}${after}${tail}`;
  const carets = `${' '.repeat(head.length + width(before))}${'^'.repeat(Math.max(1, width(marked)))}`;
  return [shown, carets];
}

/** Source text as it is shown: tabs as spaces, all else visible. */
function columns(text: string): string {
  return visible(text.replaceAll('\t', ' '.repeat(tabWidth)));
}

/** Columns on a terminal, as near as needed: East Asian wide characters and emoji take two, combining marks none. */
function width(text: string): number {
  let sum = 0;
  for (const character of text) {
    if (/\p{Mark}/u.test(character)) continue;
    sum +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(
        character,
      )
        ? 2
        : 1;
  }
  return sum;
}
