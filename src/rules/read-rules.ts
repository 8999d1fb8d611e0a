import { compile, type CompileOptions } from '../compiler/compile.ts';
import { DiagnosticError, type Diagnostic } from '../compiler/diagnostic.ts';
import { always, type Predicate } from '../ir/predicate.ts';
import type { Span } from '../ir/span.ts';
import { moveSpans } from './move-spans.ts';
import * as diagnostics from './policy-diagnostics.ts';
import { reservedNames, type Rule, type RuleOutcome } from './policy.ts';
import { valueAt } from './schema-problems.ts';
import type { Path, WrittenText, YamlDocument } from './yaml-document.ts';

/** What rules are compiled for. */
export interface RuleOptions {
  readonly compile: CompileOptions;
  readonly hook: 'xdp' | 'tc' | 'tc-egress';
  /** The index of an interface to redirect to; undefined where there is none of that name. */
  interfaceIndex(name: string): number | undefined;
}

/** The rules of all documents, in the order in which they are tried. A rule with a problem is left out. */
export function readRules(
  documents: readonly YamlDocument[],
  options: RuleOptions,
  problems: Diagnostic[],
): readonly Rule[] {
  const namesTaken = new Map<string, Span>();
  const rules: Rule[] = [];
  for (const document of documents) {
    const written = valueAt(document.value, ['rules']);
    if (!Array.isArray(written)) continue;
    for (const index of written.keys()) {
      const path: Path = ['rules', index];
      checkName(document, path, namesTaken, problems);
      const rule = readRule(document, path, options, problems);
      if (rule !== undefined) rules.push(rule);
    }
  }
  return rules;
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

function readRule(document: YamlDocument, path: Path, options: RuleOptions, problems: Diagnostic[]): Rule | undefined {
  const name = valueAt(document.value, [...path, 'name']);
  const written = typeof valueAt(document.value, [...path, 'match']) === 'string';
  const text = written ? document.textAt([...path, 'match']) : undefined;
  const match = text === undefined ? undefined : readMatch(document, text, options.compile, problems);
  const outcome = readAction(document, [...path, 'action'], options, problems);
  if (typeof name !== 'string' || match === undefined || outcome === undefined) return undefined;
  const audit = valueAt(document.value, [...path, 'audit']) === true;
  return {
    name,
    match,
    ...outcome,
    ...(audit ? { audit } : {}),
    span: (text as WrittenText).span(0, (text as WrittenText).text.length),
  };
}

/** A filter, its spans those of the policy file. */
function readMatch(
  document: YamlDocument,
  written: WrittenText,
  options: CompileOptions,
  problems: Diagnostic[],
): Predicate {
  const move = ({ start, end }: Span): Span => written.span(start, end);
  const moved = (found: readonly Diagnostic[]): readonly Diagnostic[] =>
    found.map((problem) => ({ ...problem, span: move(problem.span) }));
  try {
    const { predicate, diagnostics: warnings } = compile({ name: document.source.name, text: written.text }, options);
    problems.push(...moved(warnings));
    return moveSpans(predicate, move);
  } catch (failure) {
    if (!(failure instanceof DiagnosticError)) throw failure;
    problems.push(...moved(failure.diagnostics));
    return always(false);
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
