import type { Dice } from './dice.ts';

/** Texts that are no filters any more, or never were. */

const oddities = [
  '\0',
  '\u00e9',
  '\u2028',
  '\ufeff',
  '\ud800',
  '\udfff',
  '\u{1f4a9}',
  '\u202e',
  'e\u0301',
  '\\',
  '\\\\tcp',
  '"',
  "'",
  '@',
  '@web',
  '#',
  ',',
  ';',
  '$aa',
  '\t',
  '\r\n',
  '\u00a0',
  '%s%n',
  '[',
  ']',
  '(((',
  ')))',
  ':',
  '::',
  ':::',
  '1:2:3:4:5:6:7:8:9',
  '::ffff:1.2.3',
  '1.2.3.4.5',
  '999.999.999.999',
  '10.0.0.0/33',
  '/64',
  '0x',
  '0xffffffffffffffffffff',
  '089',
  '99999999999999999999',
  '00:11:22:33:44:55:66',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '- - - -',
  '<<>>',
  '!==!',
  '1-2-3',
];

/** A text with something done to it, once or several times. */
export function brokenText(dice: Dice, text: string): string {
  let broken = text;
  for (let more = 1 + dice.below(4); more > 0; more--) broken = dice.one(mutations)(dice, broken);
  return broken.slice(0, longestText);
}

const longestText = 20_000;

type Mutation = (dice: Dice, text: string) => string;

const mutations: readonly Mutation[] = [
  flipCharacter,
  flipCharacter,
  removeStretch,
  insertOddity,
  insertOddity,
  shuffleWords,
  removeWord,
  duplicateWord,
  swapWord,
  (dice, text) => text.slice(0, dice.below(text.length + 1)),
  (dice, text) => text.repeat(1 + dice.below(5)),
  (dice, text) => `${text} ${dice.one(['or', 'and', 'not', '&&', '||', '!', '='])} `.repeat(1 + dice.below(20)),
  repeatStretch,
  nest,
  (dice, text) => (dice.chance(0.5) ? text.toUpperCase() : text.replaceAll(' ', '')),
];

function flipCharacter(dice: Dice, text: string): string {
  const at = dice.below(text.length + 1);
  const code = dice.chance(0.8) ? (text.charCodeAt(at) || 32) ^ (1 << dice.below(7)) : dice.below(0x10000);
  return text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1);
}

function removeStretch(dice: Dice, text: string): string {
  const at = dice.below(text.length + 1);
  return text.slice(0, at) + text.slice(at + 1 + dice.below(10));
}

function insertOddity(dice: Dice, text: string): string {
  const at = dice.below(text.length + 1);
  return text.slice(0, at) + dice.maybe(' ') + dice.one(oddities) + dice.maybe(' ') + text.slice(at);
}

function wordsOf(text: string): string[] {
  return text.split(/(?<=[\s()[\]])|(?=[\s()[\]])/);
}

function shuffleWords(dice: Dice, text: string): string {
  const words = wordsOf(text);
  for (let at = words.length - 1; at > 0; at--) {
    const other = dice.below(at + 1);
    [words[at], words[other]] = [words[other] as string, words[at] as string];
  }
  return words.join(dice.maybe(' '));
}

function removeWord(dice: Dice, text: string): string {
  const words = wordsOf(text);
  words.splice(dice.below(words.length), 1 + dice.below(3));
  return words.join('');
}

function duplicateWord(dice: Dice, text: string): string {
  const words = wordsOf(text);
  const at = dice.below(words.length);
  words.splice(at, 0, (words[at] as string).repeat(1 + dice.below(3)));
  return words.join('');
}

function swapWord(dice: Dice, text: string): string {
  const words = wordsOf(text);
  const [from, to] = [dice.below(words.length), dice.below(words.length)];
  [words[from], words[to]] = [words[to] as string, words[from] as string];
  return words.join('');
}

function repeatStretch(dice: Dice, text: string): string {
  const at = dice.below(text.length + 1);
  const stretch = text.slice(at, at + 1 + dice.below(12));
  return text.slice(0, at) + stretch.repeat(dice.one([2, 10, 300, 1500])) + text.slice(at);
}

/** Deep nesting of whatever the language can nest. */
function nest(dice: Dice, text: string): string {
  const depth = dice.one([1, 5, 50, 500, 3000]);
  const [open, close] = dice.one<readonly [string, string]>([
    ['(', ')'],
    ['not ', ''],
    ['! ', ''],
    ['not (', ')'],
    ['-', ''],
    ['ip[', ']'],
    ['1 % ', ''],
    ['2 ^ (', ')'],
    ['vlan and (', ')'],
    ['anyvlan (', ')'],
    ['ext (', ')'],
    ['inner (', ')'],
    ['anyvlan (ext (', '))'],
    ['inner (anyvlan (', '))'],
    ['(', ''],
    ['', ')'],
    ['1 << ', ''],
    ['port (', ')'],
  ]);
  return open.repeat(depth) + text + close.repeat(depth);
}
