import { readFileSync } from 'node:fs';
import { unreadable } from './unreadable.ts';

/** The elements in a file, one a line; `#` begins a comment; `-` is standard input. @throws InputError */
export function elementsFromFile(path: string): readonly string[] {
  let text: string;
  try {
    text = readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    throw unreadable(path, error);
  }
  const lines = text.split('\n').map((line) => line.replace(/#.*$/, '').trim());
  return lines.filter((line) => line !== '');
}
