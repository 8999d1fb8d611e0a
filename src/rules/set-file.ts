import type { Source, Span } from '../ir/span.ts';

export interface WrittenElement {
  readonly text: string;
  readonly span: Span;
}

/** The elements that a file lists: one a line, `#` begins a comment, empty lines mean nothing. */
export function* elementsOfFile(source: Source): Generator<WrittenElement> {
  for (const line of source.text.matchAll(/[^\n]+/g)) {
    const content = line[0].replace(/#.*$/, '');
    const text = content.trim();
    if (text === '') continue;
    const start = line.index + content.indexOf(text);
    yield { text, span: { source, start, end: start + text.length } };
  }
}
