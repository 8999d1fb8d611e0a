import type { SetType } from '../compiler/compile.ts';
import type { Diagnostic } from '../compiler/diagnostic.ts';
import type { Names } from '../compiler/names.ts';
import type { Source, Span } from '../ir/span.ts';
import { besides, largestSetFile } from './policy-files.ts';
import * as diagnostics from './policy-diagnostics.ts';
import { readSource } from './policy-documents.ts';
import { setContents, typeOfElement, type PolicySet, type SetElement } from './policy-set.ts';
import { valueAt } from './schema-problems.ts';
import { parseElement } from './set-element.ts';
import { elementsOfFile, type WrittenElement } from './set-file.ts';
import type { Path, YamlDocument } from './yaml-document.ts';

/** What a filter may call a set. */
const setName = /^[A-Za-z0-9_]([-_.A-Za-z0-9]*[_A-Za-z0-9])?$/;
const longestName = 64;

/** In a file of a million lines, the first wrong ones tell what is wrong. */
const mostProblems = 20;

/**
 * The sets of all documents, by name. One with a problem is there too, so that its uses are not reported as well.
 */
export function readSets(
  documents: readonly YamlDocument[],
  names: Names,
  problems: Diagnostic[],
): ReadonlyMap<string, PolicySet> {
  const sets = new Map<string, PolicySet>();
  for (const document of documents) {
    const written = valueAt(document.value, ['sets']);
    if (typeof written !== 'object' || written === null || Array.isArray(written)) continue;
    for (const name of Object.keys(written)) {
      const span = document.spanOfKey(['sets', name]);
      const known = sets.get(name);
      if (known !== undefined) problems.push(diagnostics.duplicateSet(span, name, known.span));
      else if (!setName.test(name) || name.length > longestName) {
        const rule = `letters, digits, - . and _, at most ${longestName}`;
        problems.push(diagnostics.badName(span, 'a set', name, rule));
      } else sets.set(name, readSet(document, name, names, problems));
    }
  }
  return sets;
}

function readSet(document: YamlDocument, name: string, names: Names, problems: Diagnostic[]): PolicySet {
  const path: Path = ['sets', name];
  const span = document.spanOfKey(path);
  const declared = valueAt(document.value, [...path, 'type']);
  const dynamic = valueAt(document.value, [...path, 'dynamic']) === true;
  const before = problems.length;
  const reader = createReader(isSetType(declared) ? declared : undefined, names, problems);
  for (const written of elementsOf(document, path, problems)) if (!reader.read(written)) break;
  const { type, elements } = reader;
  if (type === undefined && problems.length === before && isWhole(document, path)) {
    problems.push(diagnostics.untypedSet(span, name));
  }
  return { name, type: type ?? 'address', dynamic, elements, span };
}

/** A set of its own file, without a policy: one element a line, `#` begins a comment. */
export function readSetFile(name: string, source: Source, names: Names, problems: Diagnostic[]): PolicySet {
  const reader = createReader(undefined, names, problems);
  for (const written of elementsOfFile(source)) if (!reader.read(written)) break;
  const { type = 'address', elements } = reader;
  return { name, type, dynamic: false, elements, span: { source, start: 0, end: 0 } };
}

function isSetType(value: unknown): value is SetType {
  return typeof value === 'string' && value in setContents;
}

/** Whether the schema has nothing to say about a set of that shape, so that we may. */
function isWhole(document: YamlDocument, path: Path): boolean {
  const value = valueAt(document.value, path);
  return Array.isArray(value) || (typeof value === 'object' && value !== null);
}

interface Reader {
  readonly type: SetType | undefined;
  readonly elements: readonly SetElement[];
  /** @returns false when enough is wrong */
  read(written: WrittenElement): boolean;
}

/** The first element tells the type of a set that does not say it. */
function createReader(declared: SetType | undefined, names: Names, problems: Diagnostic[]): Reader {
  const elements: SetElement[] = [];
  let type = declared;
  let wrong = 0;
  const report = (problem: Diagnostic): boolean => {
    problems.push(problem);
    wrong++;
    return wrong < mostProblems;
  };
  return {
    get type() {
      return type;
    },
    elements,
    read({ text, span }) {
      const parsed = parseElement(text, names);
      if (parsed.kind === 'broken') return report(diagnostics.badElement(span, text));
      if (parsed.kind === 'host-bits') return report(diagnostics.hostBitsSet(span, text, parsed.network));
      const own = typeOfElement(parsed.element);
      type ??= own;
      if (own !== type) {
        return report(diagnostics.mixedElements(span, text, setContents[type], oneOf[own]));
      }
      elements.push(parsed.element);
      return true;
    },
  };
}

const oneOf: Readonly<Record<SetType, string>> = { address: 'an address', port: 'a port', mac: 'a MAC address' };

/** What stands in the list, then what stands in the file. */
function* elementsOf(document: YamlDocument, path: Path, problems: Diagnostic[]): Generator<WrittenElement> {
  const value = valueAt(document.value, path);
  const list = Array.isArray(value) ? path : [...path, 'elements'];
  yield* elementsOfList(document, list);
  const filePath: Path = [...path, 'file'];
  const file = valueAt(document.value, filePath);
  if (typeof file !== 'string') return;
  const report = (reason: string): unknown => problems.push(unreadable(document.spanAt(filePath), file, reason));
  const source = readSource(besides(document.source.name, file), largestSetFile, report);
  if (source !== undefined) yield* elementsOfFile(source);
}

function unreadable(span: Span, file: string, reason: string): Diagnostic {
  return diagnostics.unreadableFile(span, file, reason);
}

function* elementsOfList(document: YamlDocument, path: Path): Generator<WrittenElement> {
  const list = valueAt(document.value, path);
  if (!Array.isArray(list)) return;
  for (const index of list.keys()) {
    const written = document.textAt([...path, index]);
    const isScalar = typeof list[index] === 'string' || typeof list[index] === 'number';
    if (written !== undefined && isScalar) yield { text: written.text, span: document.spanAt([...path, index]) };
  }
}
