import { readFileSync } from 'node:fs';
import type { Source } from '../ir/span.ts';
import { InputError } from './input-error.ts';
import { unreadable } from './unreadable.ts';

/**
 * The filter that a command was given: words of the command line, joined as tcpdump joins them, or a file. A file may
 * have comment lines that start with `#`, which are blanked so that positions stay right.
 */
export function filterSource(words: readonly string[], file: string | undefined): Source {
  if (file === undefined) return { name: 'filter', text: words.join(' ') };
  if (words.length > 0) throw new InputError(`a filter and -F ${file} were both given; give one of them`);
  return { name: file, text: readFilterFile(file).replace(/^[ \t]*#.*$/gm, (line) => ' '.repeat(line.length)) };
}

function readFilterFile(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw unreadable(`the filter file ${file}`, error);
  }
}
