import { compile, type CompileOptions, type KnownHeaders } from '../compiler/compile.ts';
import { DiagnosticError, type Diagnostic } from '../compiler/diagnostic.ts';
import type { Source, Span } from '../ir/span.ts';
import { moveSpans } from './move-spans.ts';
import * as diagnostics from './policy-diagnostics.ts';
import { reservedNames, type Rule, type RuleOutcome } from './policy.ts';
import { valueAt } from './schema-problems.ts';
import type { Path, WrittenText, YamlDocument } from './yaml-document.ts';

/** What rules are compiled for. */
export interface RuleOptions {
  readonly compile: CompileOptions;
  /** What is known where a rule is tried, by the number of tags; empty where nothing is. */
  readonly known: readonly KnownHeaders[];
  readonly hook: 'xdp' | 'tc' | 'tc-egress';
  /** The index of an interface to redirect to; undefined where there is none of that name. */
  interfaceIndex(name: string): number | undefined;
}

export interface ReadRules {
  /** In the order in which they are tried. One with a problem is left out. */
  readonly rules: readonly Rule[];
  /** Whether some rule asks what `KnownHeaders.transport` tells. */
  readonly readsTransport: boolean;
}

/** The rules of all documents. */
export function readRules(documents: readonly YamlDocument[], options: RuleOptions, problems: Diagnostic[]): ReadRules {
  const namesTaken = new Map<string, Span>();
  const rules: Rule[] = [];
  let readsTransport = false;
  for (const document of documents) {
    const written = valueAt(document.value, ['rules']);
    if (!Array.isArray(written)) continue;
    for (const index of written.keys()) {
      const path: Path = ['rules', index];
      checkName(document, path, namesTaken, problems);
      const read = readRule(document, path, options, problems);
      if (read === undefined) continue;
      rules.push(read.rule);
      readsTransport ||= read.readsTransport;
    }
  }
  return { rules, readsTransport };
}

function checkName(document: YamlDocument, path: Path, taken: Map<string, Span>, problems: Diagnostic[]): void {
  const name = valueAt(document.value, [...path, 'name']);
  if (typeof name !== 'string') return;
  const span = document.spanAt([...path, 'name']);
  const first = taken.get(name);
  if (isReserved(name)) problems.push(diagnostics.reservedName(span, name));
  else if (first !== undefined) problems.push(diagnostics.duplicateRule(span, name, first));
  else taken.set(name, span);
  // They stand between quotes in tests, and in one line of a table.
  if (/["\n\r]/.test(name))
    problems.push(diagnostics.badName(span, 'a rule', name, 'a rule’s name is one line without "'));
}

function isReserved(name: string): boolean {
  return (reservedNames as readonly string[]).includes(name);
}

interface ReadRule {
  readonly rule: Rule;
  readonly readsTransport: boolean;
}

function readRule(
  document: YamlDocument,
  path: Path,
  options: RuleOptions,
  problems: Diagnostic[],
): ReadRule | undefined {
  const name = valueAt(document.value, [...path, 'name']);
  const isText = typeof valueAt(document.value, [...path, 'match']) === 'string';
  const written = isText ? document.textAt([...path, 'match']) : undefined;
  const match = written === undefined ? undefined : readMatch(document, written, options, problems);
  const outcome = readAction(document, [...path, 'action'], options, problems);
  if (typeof name !== 'string' || written === undefined || match === undefined || outcome === undefined)
    return undefined;
  const { readsTransport, ...predicates } = match;
  const audit = valueAt(document.value, [...path, 'audit']) === true;
  const span = written.span(0, written.text.length);
  return { rule: { name, ...predicates, ...outcome, ...(audit ? { audit } : {}), span }, readsTransport };
}

/** A filter, its spans those of the policy file; undefined where it has errors. */
function readMatch(
  document: YamlDocument,
  written: WrittenText,
  options: RuleOptions,
  problems: Diagnostic[],
): (Pick<Rule, 'match' | 'known'> & Pick<ReadRule, 'readsTransport'>) | undefined {
  const move = ({ start, end }: Span): Span => written.span(start, end);
  const moved = (found: readonly Diagnostic[]): readonly Diagnostic[] =>
    found.map((problem) => ({ ...problem, span: move(problem.span) }));
  const source: Source = { name: document.source.name, text: written.text };
  try {
    // One of them looks for contradictions: the shortest.
    const alone = compile(source, { ...options.compile, warns: options.known.length === 0 });
    const known = options.known.map((headers, index) =>
      compile(source, { ...options.compile, known: headers, warns: index === 0 }),
    );
    problems.push(...moved((known[0] ?? alone).diagnostics));
    return {
      match: moveSpans(alone.predicate, move),
      known: known.map(({ predicate }) => moveSpans(predicate, move)),
      readsTransport: known.some(({ readsKnownTransport }) => readsKnownTransport),
    };
  } catch (failure) {
    if (!(failure instanceof DiagnosticError)) throw failure;
    problems.push(...moved(failure.diagnostics));
    return undefined;
  }
}

function readAction(
  document: YamlDocument,
  path: Path,
  options: RuleOptions,
  problems: Diagnostic[],
): RuleOutcome | undefined {
  const written = valueAt(document.value, path);
  if (typeof written !== 'string') return undefined;
  const span = document.spanAt(path);
  const [word, operand = ''] = written.split(' ');
  switch (word) {
    case 'pass':
    case 'drop':
    case 'count':
      return { action: word };
    case 'tx':
      if (options.hook !== 'xdp') problems.push(diagnostics.actionNotAtHook(span, 'tx', options.hook));
      return { action: 'tx' };
    case 'mark':
      if (Number(operand) > 0xffff_ffff) problems.push(diagnostics.markTooLarge(span));
      else problems.push(diagnostics.markNotEnforced(span));
      return { action: 'mark', mark: Number(operand) };
    case 'redirect': {
      const interfaceIndex = options.interfaceIndex(operand);
      if (interfaceIndex === undefined) problems.push(diagnostics.unknownInterface(span, operand));
      return { action: 'redirect', target: { interface: operand, interfaceIndex: interfaceIndex ?? 0 } };
    }
    default:
      // The schema has reported it.
      return undefined;
  }
}
