import { isAlias, isMap, isScalar, isSeq, parseDocument, type Node, type Pair, type Scalar } from 'yaml';
import type { Diagnostic } from '../compiler/diagnostic.ts';
import type { Source, Span } from '../ir/span.ts';
import * as diagnostics from './policy-diagnostics.ts';
import { contentOffsets } from './scalar-offsets.ts';

/** Keys and indexes that lead from the top of a document to a value in it. */
export type Path = readonly (string | number)[];

/**
 * A YAML text as plain values, each of which knows where it stands. Only what JSON can say is taken, with comments:
 * anchors, aliases and tags are refused, for a policy has sets and includes, and nothing then is larger than its text.
 */
export interface YamlDocument {
  readonly source: Source;
  readonly value: unknown;
  readonly problems: readonly Diagnostic[];
  /** Of a value; of the nearest enclosing one where there is none at the path. */
  spanAt(path: Path): Span;
  /** Of the key that a value stands behind. */
  spanOfKey(path: Path): Span;
  /** A text's own text: the characters of a scalar with the place of each in the source. */
  textAt(path: Path): WrittenText | undefined;
}

/** A scalar whose content is looked into. */
export interface WrittenText {
  readonly text: string;
  /** The place in the source of a stretch of the text. */
  span(start: number, end: number): Span;
}

/** Deeper nesting is no policy, and would end the stack of whoever walks over it. */
const deepest = 16;
/** A broken text gives one error after another; the first ones tell what is wrong. */
const mostSyntaxErrors = 20;

interface Entry {
  readonly value: Node | null;
  readonly key: Span | undefined;
  readonly children: Map<string | number, Entry>;
}

export function readYaml(source: Source): YamlDocument {
  const parsed = parseDocument(source.text, { version: '1.2', uniqueKeys: false, keepSourceTokens: true });
  const problems: Diagnostic[] = [];
  for (const error of parsed.errors.slice(0, mostSyntaxErrors)) {
    problems.push(diagnostics.yamlSyntax(spanBetween(source, error.pos[0], error.pos[1]), error.code, error.message));
  }
  const root: Entry = { value: parsed.contents, key: undefined, children: new Map() };
  const read = problems.length > 0 ? undefined : plainValue(parsed.contents, root, { source, problems, depth: 0 });
  // Where something was refused there is a hole in the values, of which no more is to be said.
  const value = problems.some(({ code }) => code !== 'duplicate-key') ? undefined : read;
  const find = (path: Path): Entry => entryAt(root, path);
  return {
    source,
    value,
    problems,
    spanAt: (path) => spanOfEntry(source, find(path)),
    spanOfKey: (path) => find(path).key ?? spanOfEntry(source, find(path)),
    textAt: (path) => writtenText(source, find(path).value),
  };
}

function entryAt(root: Entry, path: Path): Entry {
  let entry = root;
  for (const step of path) {
    const child = entry.children.get(step);
    if (child === undefined) break;
    entry = child;
  }
  return entry;
}

interface Reading {
  readonly source: Source;
  readonly problems: Diagnostic[];
  readonly depth: number;
}

function plainValue(node: Node | null, entry: Entry, reading: Reading): unknown {
  const { source, problems } = reading;
  if (node === null) return null;
  const span = spanOfNode(source, node);
  if (isAlias(node)) return void problems.push(diagnostics.yamlAlias(span, `*${node.source}`));
  const { anchor, tag } = node as { anchor?: string; tag?: string };
  if (anchor !== undefined) problems.push(diagnostics.yamlAlias(spanBefore(span, `&${anchor}`), `&${anchor}`));
  if (tag !== undefined) problems.push(diagnostics.yamlTag(spanBefore(span, '!'), tag));
  if (isScalar(node)) return node.value;
  if (reading.depth === deepest) return void problems.push(diagnostics.yamlTooDeep(span, deepest));
  const below: Reading = { ...reading, depth: reading.depth + 1 };
  if (isSeq(node)) {
    return node.items.map((item, index) => readChild(entry, index, undefined, item as Node | null, below));
  }
  if (!isMap(node)) return undefined;
  const result: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const pair of node.items as readonly Pair<Node, Node | null>[]) {
    const key = keyOf(pair, below);
    if (key === undefined) continue;
    const keySpan = spanOfNode(source, pair.key);
    const known = entry.children.get(key);
    if (known !== undefined) problems.push(diagnostics.duplicateKey(keySpan, key, known.key as Span));
    else result[key] = readChild(entry, key, keySpan, pair.value, below);
  }
  return result;
}

function readChild(
  parent: Entry,
  step: string | number,
  key: Span | undefined,
  node: Node | null,
  reading: Reading,
): unknown {
  const child: Entry = { value: node, key, children: new Map() };
  parent.children.set(step, child);
  return plainValue(node, child, reading);
}

/** A key is a plain word; anything else is no key of a policy. */
function keyOf({ key }: Pair<Node, Node | null>, { source, problems }: Reading): string | undefined {
  if (isScalar(key)) return typeof key.value === 'string' ? key.value : (key.source ?? String(key.value));
  problems.push(diagnostics.yamlKey(key === null ? spanBetween(source, 0, 0) : spanOfNode(source, key)));
  return undefined;
}

function spanOfEntry(source: Source, { value, key }: Entry): Span {
  if (value !== null && value.range != null && value.range[1] > value.range[0]) return spanOfNode(source, value);
  return key ?? spanBetween(source, 0, firstLineLength(source.text));
}

function firstLineLength(text: string): number {
  const end = text.indexOf('\n');
  return end < 0 ? text.length : end;
}

/** Of the word before a value that begins so: its anchor, its tag. */
function spanBefore({ source, start, end }: Span, beginning: string): Span {
  const found = source.text.lastIndexOf(beginning, start);
  if (found < 0) return { source, start, end };
  const at = source.text.slice(0, found).search(/\S*$/);
  const length = source.text.slice(at).search(/\s|$/);
  return { source, start: at, end: at + length };
}

function spanOfNode(source: Source, node: Node): Span {
  const [start, end] = node.range ?? [0, 0];
  return spanBetween(source, start, end);
}

/** Within the text, and without the white space behind a collection. */
function spanBetween(source: Source, from: number, to: number): Span {
  const start = Math.min(from, source.text.length);
  const end = Math.min(Math.max(to, start), source.text.length);
  const kept = source.text.slice(start, end).trimEnd().length;
  return { source, start, end: kept === 0 ? end : start + kept };
}

function writtenText(source: Source, node: Node | null): WrittenText | undefined {
  if (node === null || !isScalar(node)) return undefined;
  const text = scalarText(node);
  const whole = spanOfNode(source, node);
  const offsets = contentOffsets(source.text.slice(whole.start, whole.end), text, node.type);
  return {
    text,
    span(start, end) {
      if (offsets === undefined) return whole;
      const first = whole.start + (offsets[start] ?? whole.end - whole.start);
      const last = end > start ? whole.start + (offsets[end - 1] ?? 0) + 1 : first;
      return { source, start: Math.min(first, whole.end), end: Math.max(first, last) };
    },
  };
}

/** What the user wrote: `0x50` stays `0x50`, `1.10` stays `1.10`. */
function scalarText(node: Scalar): string {
  return typeof node.value === 'string' ? node.value : (node.source ?? String(node.value));
}
