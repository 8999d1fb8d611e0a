import type * as z from 'zod/mini';
import type { Diagnostic } from '../compiler/diagnostic.ts';
import * as diagnostics from './policy-diagnostics.ts';
import type { Path, YamlDocument } from './yaml-document.ts';

type Issue = z.core.$ZodIssue;

/** What the schema finds wrong with a document, in the words and at the places of the file. */
export function schemaProblems(schema: z.ZodMiniType, document: YamlDocument): readonly Diagnostic[] {
  const result = schema.safeParse(document.value);
  if (result.success) return [];
  return result.error.issues.flatMap((issue) => problemsOf(issue, [], schema, document));
}

function problemsOf(issue: Issue, above: Path, schema: z.ZodMiniType, document: YamlDocument): readonly Diagnostic[] {
  const path = [...above, ...issue.path] as Path;
  const span = document.spanAt(path);
  const name = nameOf(path);
  const value = valueAt(document.value, path);
  if (value === undefined && path.length > 0) {
    const owner = path.slice(0, -1);
    const place = owner.length === 0 ? document.spanAt([]) : beginningOf(document, owner);
    return [diagnostics.missingKey(place, ownerOf(owner), String(path.at(-1)))];
  }
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) =>
        diagnostics.unknownKey(document.spanOfKey([...path, key]), ownerOf(path), key, keysAt(schema, path, value)),
      );
    case 'invalid_type':
      return [diagnostics.wrongType(span, name, expectedType(issue.expected), typeOf(value))];
    case 'invalid_value':
      if (typeof value !== 'string') return [diagnostics.wrongType(span, name, 'a word', typeOf(value))];
      return [diagnostics.unknownWord(span, name, value, issue.values.map(String))];
    case 'invalid_format':
      if (path.at(-1) === 'expect') return [diagnostics.badExpectation(span, String(value))];
      return [diagnostics.unknownWord(span, name, String(value), actions)];
    case 'invalid_union':
      return unionProblems(issue, path, schema, document);
    case 'too_small':
    case 'too_big':
      return [diagnostics.badSize(span, name, sizeProblem(issue))];
    default:
      return [diagnostics.wrongType(span, name, 'something else', typeOf(value))];
  }
}

const actions = ['pass', 'drop', 'count', 'tx', 'mark <number>', 'redirect <interface>'];

/** Of the alternatives, the one that the value looks like; where it looks like none, what they are. */
function unionProblems(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  path: Path,
  schema: z.ZodMiniType,
  document: YamlDocument,
): readonly Diagnostic[] {
  const alternatives = issue.errors as readonly (readonly Issue[])[];
  const meant = alternatives.find((issues) => issues.length > 0 && issues.every((found) => found.path.length > 0));
  if (meant !== undefined) return meant.flatMap((found) => problemsOf(found, path, schema, document));
  const expected = alternatives.flat().map((found) => (found.code === 'invalid_type' ? found.expected : 'value'));
  const words = [...new Set(expected.map(expectedType))].join(' or ');
  const value = valueAt(document.value, path);
  return [diagnostics.wrongType(document.spanAt(path), nameOf(path), words, typeOf(value))];
}

function sizeProblem(issue: Extract<Issue, { code: 'too_small' | 'too_big' }>): string {
  if (issue.code === 'too_big') return `has at most ${issue.maximum} characters`;
  return issue.origin === 'string' ? 'is empty' : 'is a whole number from 0 on';
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping of keys',
  record: 'a mapping of names',
  value: 'another value',
};

function expectedType(type: string): string {
  return typeNames[type] ?? type;
}

function typeOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'string':
      return 'text';
    case 'number':
      return Number.isInteger(value) ? 'a number' : 'a broken number';
    case 'boolean':
      return 'true or false';
    default:
      return 'a mapping of keys';
  }
}

/** What a value is called: its key, or for the items of a list what they are. */
function nameOf(path: Path): string {
  const last = path.at(-1);
  if (last === undefined) return 'a policy';
  return typeof last === 'number' ? (itemNames[String(path.at(-2))] ?? 'an element') : `'${last}'`;
}

const itemNames: Readonly<Record<string, string>> = {
  rules: 'a rule',
  tests: 'a test',
  interfaces: 'an interface',
  include: 'a file to include',
};

/** Whose keys stand at a path. */
function ownerOf(path: Path): string {
  const [first, , third] = path;
  if (path.length === 0) return 'a policy';
  if (first === 'sets') return 'a set';
  if (third === 'expect') return 'what a test expects';
  return itemNames[String(first)] ?? `'${String(first)}'`;
}

/** The first line of what misses a key: its own first key, so that the caret is short. */
function beginningOf(document: YamlDocument, path: Path): ReturnType<YamlDocument['spanAt']> {
  const value = valueAt(document.value, path);
  const key = typeof value === 'object' && value !== null ? Object.keys(value)[0] : undefined;
  return key === undefined ? document.spanAt(path) : document.spanOfKey([...path, key]);
}

export function valueAt(value: unknown, path: Path): unknown {
  let found = value;
  for (const step of path) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = (found as Record<string | number, unknown>)[step];
  }
  return found;
}

/** The keys that the schema knows at a path. */
function keysAt(schema: z.ZodMiniType, path: Path, value: unknown): readonly string[] {
  let candidates = alternativesOf(schema);
  for (const step of path) {
    candidates = candidates.flatMap((candidate) => {
      const def = definitionOf(candidate);
      const child = typeof step === 'number' ? def.element : (def.shape?.[step] ?? def.valueType);
      return child === undefined ? [] : alternativesOf(child);
    });
  }
  if (typeof value !== 'object') return [];
  return candidates.flatMap((candidate) => Object.keys(definitionOf(candidate).shape ?? {}));
}

/** What is looked at of a schema's own definition. */
interface Definition {
  readonly shape?: Readonly<Record<string, z.ZodMiniType>>;
  readonly element?: z.ZodMiniType;
  readonly valueType?: z.ZodMiniType;
  readonly innerType?: z.ZodMiniType;
  readonly options?: readonly z.ZodMiniType[];
}

function definitionOf(schema: z.ZodMiniType): Definition {
  return schema._zod.def as unknown as Definition;
}

function alternativesOf(schema: z.ZodMiniType): readonly z.ZodMiniType[] {
  const { innerType, options } = definitionOf(schema);
  if (innerType !== undefined) return alternativesOf(innerType);
  return options === undefined ? [schema] : options.flatMap(alternativesOf);
}
