import type { LinkType } from '../ir/link-type.ts';
import { always, and, type Predicate } from '../ir/predicate.ts';
import type { Source } from '../ir/span.ts';
import { DiagnosticError, type Diagnostic } from './diagnostic.ts';
import { withInitialVariables } from './initial-variables.ts';
import { outermostLayers } from './layers.ts';
import { lower } from './lower.ts';
import type { Lowering } from './lowering.ts';
import type { Names } from './names.ts';
import { warnOfNeverMatching } from './never-matches.ts';
import { parse } from './parser.ts';
import { spanOf, type Expression } from './syntax.ts';

export interface CompileOptions {
  readonly linkType: LinkType;
  readonly names: Names;
  /** The interface's IPv4 netmask, host order, for `ip broadcast`; undefined where it is unknown. */
  readonly netmask?: number;
  /** Whether the program will meet live packets (`inbound`, `ifindex` have an answer there). */
  readonly live?: boolean;
}

export interface CompiledFilter {
  readonly predicate: Predicate;
  /** Warnings only: errors are thrown. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * A filter expression as a predicate over the wire frame of a link type.
 * @throws DiagnosticError where the text is not a filter, or not one for this link type
 */
export function compile(source: Source, options: CompileOptions): CompiledFilter {
  const expression = parse(source);
  if (expression === undefined) return { predicate: always(true), diagnostics: [] };
  const { linkType, names, netmask, live = false } = options;
  const problems: Diagnostic[] = [];
  const lowering: Lowering = {
    linkType,
    names,
    netmask,
    live,
    layers: outermostLayers(linkType),
    span: { source, start: 0, end: source.text.length },
    encapsulation: undefined,
    variables: 0,
  };
  const clauses = clausesOf(expression).map((clause) => ({
    predicate: lower(lowering, clause, problems),
    span: spanOf(clause),
  }));
  if (problems.some((problem) => problem.severity === 'error')) throw new DiagnosticError(problems);
  const joined = and(...clauses.map((clause) => clause.predicate));
  const predicate = lowering.variables === 0 ? joined : withInitialVariables(joined);
  const warnings = warnOfNeverMatching(linkType, { predicate, span: spanOf(expression) }, clauses);
  return { predicate, diagnostics: [...problems, ...warnings] };
}

/** What the filter as a whole joins with `and`. */
function clausesOf(expression: Expression): readonly Expression[] {
  return expression.kind === 'and' ? expression.operands : [expression];
}
