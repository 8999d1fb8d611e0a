import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { compile } from '../../src/compiler/compile.ts';
import { DiagnosticError } from '../../src/compiler/diagnostic.ts';
import { fixedNames } from './fixed-names.ts';

/** Texts that grow: what users paste in by the thousand, and what an attacker would. */
export const growingTexts: readonly { readonly name: string; readonly text: (size: number) => string }[] = [
  { name: 'ports', text: (size) => repeated(size, (i) => `port ${i % 65536}`, ' or ') },
  { name: 'inherited ports', text: (size) => `port ${repeated(size, (i) => String(i % 65536), ' or ')}` },
  { name: 'ports in parentheses', text: (size) => `port (${repeated(size, (i) => String(i % 65536), ' or ')})` },
  { name: 'hosts', text: (size) => repeated(size, (i) => `host 10.${i >> 8}.${i & 255}.1`, ' or ') },
  { name: 'IPv6 hosts', text: (size) => repeated(size, (i) => `ip6 host 2001:db8::${i.toString(16)}`, ' or ') },
  { name: 'and and or in turn', text: (size) => repeated(size, (i) => `port ${i % 65536} and tcp`, ' or ') },
  { name: 'conjunction', text: (size) => repeated(size, (i) => `not port ${i % 65536}`, ' and ') },
  { name: 'comparisons', text: (size) => repeated(size, (i) => `ip[${i % 60}] = ${i % 256}`, ' or ') },
  { name: 'negations', text: (size) => `${'not '.repeat(size)}tcp` },
  { name: 'tags', text: (size) => repeated(size, () => 'vlan', ' and ') },
  { name: 'parentheses side by side', text: (size) => repeated(size, () => '(tcp)', ' or ') },
  { name: 'open parentheses', text: (size) => '('.repeat(size) },
  { name: 'closed parentheses', text: (size) => ')'.repeat(size) },
  { name: 'signs', text: (size) => `${'-'.repeat(size)}1 = 1` },
  { name: 'sum', text: (size) => `${'1 + '.repeat(size)}1 = 1` },
  { name: 'digits', text: (size) => `port ${'1'.repeat(size)}` },
  { name: 'letters', text: (size) => `host ${'a'.repeat(size)}` },
  { name: 'name with hyphens', text: (size) => `port ${'a-'.repeat(size)}` },
  { name: 'colons', text: (size) => `host ${'1:'.repeat(size)}` },
  { name: 'dots', text: (size) => `host ${'1.'.repeat(size)}` },
  { name: 'hexadecimal digits', text: (size) => `ether host ${'a1'.repeat(size)}` },
  { name: 'blanks', text: (size) => `tcp${' '.repeat(size)}and udp` },
  { name: 'odd characters', text: (size) => '\u{1f4a9}'.repeat(size) },
  { name: 'lines', text: (size) => `${'tcp or\n'.repeat(size)}tcp` },
];

function repeated(size: number, piece: (i: number) => string, joiner: string): string {
  return Array.from({ length: size }, (_, i) => piece(i)).join(joiner);
}

export interface Cost {
  /** Milliseconds of processor time, the least of several attempts. */
  readonly time: number;
  /** Bytes that the result holds, or the diagnostic. */
  readonly memory: number;
}

const names = fixedNames();
const attempts = 3;

/** What compiling a text costs. */
export function costOf(text: string): Cost {
  let time = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const started = process.cpuUsage();
    compiled(text);
    const { user, system } = process.cpuUsage(started);
    time = Math.min(time, (user + system) / 1000);
  }
  const before = heapInUse();
  const result = compiled(text);
  const memory = Math.max(heapInUse() - before, 0);
  return result === undefined ? { time, memory: 0 } : { time, memory };
}

function compiled(text: string): unknown {
  try {
    return compile({ name: 'filter', text }, { linkType: 'EN10MB', names });
  } catch (error) {
    if (error instanceof DiagnosticError) return error;
    throw error;
  }
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapInUse(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}
