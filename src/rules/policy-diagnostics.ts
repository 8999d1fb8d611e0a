import type { Diagnostic } from '../compiler/diagnostic.ts';
import { didYouMean } from '../compiler/suggestion.ts';
import { positionOf, type Span } from '../ir/span.ts';

/** Everything that can be wrong with a policy file, one function each; what is wrong with a filter, the compiler says. */

function error(code: string, span: Span, message: string, help?: string): Diagnostic {
  const diagnostic: Diagnostic = { code, severity: 'error', message, span };
  return help === undefined ? diagnostic : { ...diagnostic, help };
}

function warning(code: string, span: Span, message: string, help?: string): Diagnostic {
  return { ...error(code, span, message, help), severity: 'warning' };
}

const longestQuote = 60;

/** A text of the user in a message. */
function quoted(text: string): string {
  return `'${text.length > longestQuote ? `${text.slice(0, longestQuote)}…` : text}'`;
}

/** The help of a misspelt word, or the list of all words where none is near. */
function nearest(written: string, known: readonly string[], what: string): string | undefined {
  return didYouMean(written, known) ?? (known.length === 0 ? undefined : `${what}: ${known.join(', ')}`);
}

function where(span: Span): string {
  return `line ${positionOf(span.source, span.start).line}`;
}

// The text as YAML.

export function yamlSyntax(span: Span, code: string, message: string): Diagnostic {
  if (/call stack/.test(message)) return error('yaml-too-deep', span, 'this is nested too deep');
  const text = code === 'MULTIPLE_DOCS' ? 'a policy file holds one document' : firstSentence(message);
  return error('yaml-syntax', span, text);
}

/** The library adds the place and a picture of its own. */
function firstSentence(message: string): string {
  const line = message.split('\n')[0] as string;
  return line.replace(/ at line \d+, column \d+:?$/, '').replace(/[.:]$/, '');
}

export function yamlAlias(span: Span, text: string): Diagnostic {
  const help = 'name a list once under sets: and write @name, or share a file by include:';
  return error('yaml-alias', span, `a policy has no anchors and aliases (${quoted(text)})`, help);
}

export function yamlTag(span: Span, tag: string): Diagnostic {
  return error('yaml-tag', span, `a policy has no tags (${quoted(tag)})`);
}

export function yamlKey(span: Span): Diagnostic {
  const help = 'an address that ends in a colon wants quotes: "2001:db8::"';
  return error('yaml-key', span, 'a key is one word', help);
}

export function yamlTooDeep(span: Span, limit: number): Diagnostic {
  return error('yaml-too-deep', span, `nothing in a policy is nested more than ${limit} deep`);
}

export function duplicateKey(span: Span, key: string, first: Span): Diagnostic {
  return error('duplicate-key', span, `${quoted(key)} is here a second time; the first is in ${where(first)}`);
}

// Files.

export function unreadableFile(span: Span, path: string, reason: string): Diagnostic {
  return error('unreadable-file', span, `cannot read ${quoted(path)}: ${reason}`);
}

export function includeLoop(span: Span, path: string): Diagnostic {
  return error('include-loop', span, `${quoted(path)} includes itself`);
}

export function includedTwice(span: Span, path: string): Diagnostic {
  return error('included-twice', span, `${quoted(path)} is included already`);
}

export function tooManyIncludes(span: Span, limit: number): Diagnostic {
  return error('too-many-includes', span, `more than ${limit} files are included`);
}

// What the schema says.

export function wrongType(span: Span, name: string, expected: string, found: string): Diagnostic {
  return error('wrong-type', span, `${name} is ${expected}, not ${found}`);
}

export function missingKey(span: Span, owner: string, key: string): Diagnostic {
  return error('missing-key', span, `${owner} needs ${quoted(key)}`);
}

export function unknownKey(span: Span, owner: string, key: string, known: readonly string[]): Diagnostic {
  return error('unknown-key', span, `${owner} has no ${quoted(key)}`, nearest(key, known, `${owner} has`));
}

export function unknownWord(span: Span, name: string, written: string, known: readonly string[]): Diagnostic {
  return error('unknown-word', span, `${name} cannot be ${quoted(written)}`, nearest(written, known, 'it is one of'));
}

export function badSize(span: Span, name: string, problem: string): Diagnostic {
  return error('bad-size', span, `${name} ${problem}`);
}

export function badExpectation(span: Span, written: string): Diagnostic {
  const help = 'write pass by "name of a rule", drop by default, or { pass: 34, drop: 1200 } for a capture';
  return error('bad-expectation', span, `a test cannot expect ${quoted(written)}`, help);
}

// Names.

export function duplicateRule(span: Span, name: string, first: Span): Diagnostic {
  const place = first.source === span.source ? where(first) : `${first.source.name}, ${where(first)}`;
  return error('duplicate-rule', span, `another rule is called ${quoted(name)}: in ${place}`);
}

export function duplicateSet(span: Span, name: string, first: Span): Diagnostic {
  return error(
    'duplicate-set',
    span,
    `another set is called ${quoted(name)}: in ${first.source.name}, ${where(first)}`,
  );
}

export function reservedName(span: Span, name: string): Diagnostic {
  return error('reserved-name', span, `${quoted(name)} is the name of a counter that every policy has`);
}

export function badName(span: Span, what: string, name: string, rule: string): Diagnostic {
  return error('bad-name', span, `${quoted(name)} cannot be the name of ${what}`, rule);
}

export function unknownRule(span: Span, name: string, known: readonly string[]): Diagnostic {
  return error('unknown-rule', span, `no rule is called ${quoted(name)}`, nearest(name, known, 'rules are'));
}

export function unusedSet(span: Span, name: string): Diagnostic {
  return warning('unused-set', span, `no rule uses the set ${quoted(name)}`);
}

export function badInterface(span: Span, name: string): Diagnostic {
  const help = 'an interface has up to 15 characters without blanks and slashes; * and ? stand for others';
  return error('bad-interface', span, `${quoted(name)} is no name of an interface`, help);
}

// Sets.

export function badElement(span: Span, text: string): Diagnostic {
  const help = 'elements are addresses, networks (10.0.0.0/8), ports, ranges (8080-8090) and MAC addresses';
  return error('bad-element', span, `${quoted(text)} is no element of a set`, help);
}

export function hostBitsSet(span: Span, text: string, network: string): Diagnostic {
  return error('host-bits-set', span, `${quoted(text)} has bits behind its prefix`, `the network is ${network}`);
}

export function mixedElements(span: Span, text: string, type: string, other: string): Diagnostic {
  return error('mixed-elements', span, `${quoted(text)} is ${other}, and this is a set of ${type}`);
}

export function untypedSet(span: Span, name: string): Diagnostic {
  const help = 'write { type: address, dynamic: true }; type is address, port or mac';
  return error('untyped-set', span, `nothing tells what the set ${quoted(name)} holds`, help);
}

export function unknownSet(span: Span, name: string, known: readonly string[]): Diagnostic {
  return error('unknown-set', span, `no set is called ${quoted(name)}`, nearest(name, known, 'sets are'));
}

// What does not go together.

export function actionNotAtHook(span: Span, action: string, hook: string): Diagnostic {
  return error('action-not-at-hook', span, `${quoted(action)} is for XDP, and the hook is ${hook}`);
}

export function modeNotAtHook(span: Span, hook: string): Diagnostic {
  return error('mode-not-at-hook', span, `mode is for XDP, and the hook is ${hook}`, 'leave mode: out');
}

export function markNotEnforced(span: Span): Diagnostic {
  return error('mark-not-enforced', span, 'this version of pktf cannot mark packets', 'count them instead');
}

export function markTooLarge(span: Span): Diagnostic {
  return error('mark-too-large', span, 'a mark is a number up to 0xffffffff');
}

export function unknownInterface(span: Span, name: string): Diagnostic {
  return error('unknown-interface', span, `there is no interface ${quoted(name)} to redirect to`);
}

export function emptyPolicy(span: Span): Diagnostic {
  return error('empty-policy', span, 'a policy needs rules', 'rules: [] is one that has only its default');
}

export function testSubject(span: Span): Diagnostic {
  return error('test-subject', span, 'a test has one of flow, packet and capture');
}

/** A flow or a packet that cannot be read; the words come from who reads them. */
export function badSubject(span: Span, message: string): Diagnostic {
  return error('bad-subject', span, message);
}
