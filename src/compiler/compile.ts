import type { LinkType } from '../ir/link-type.ts';
import { always, and, type Predicate } from '../ir/predicate.ts';
import type { Source } from '../ir/span.ts';
import { DiagnosticError, type Diagnostic } from './diagnostic.ts';
import { withInitialVariables } from './initial-variables.ts';
import { layersBehindTags, variablesOf, type KnownHeaders } from './known-headers.ts';
import { outermostLayers } from './layers.ts';
import { lower } from './lower.ts';
import type { Lowering, SetType } from './lowering.ts';
import type { Names } from './names.ts';
import { warnOfNeverMatching } from './never-matches.ts';
import { parse } from './parser.ts';
import { isCombination, spanOf, type Expression } from './syntax.ts';

export type { SetType } from './lowering.ts';
export type { KnownHeaders } from './known-headers.ts';

export interface CompileOptions {
  readonly linkType: LinkType;
  readonly names: Names;
  /** The interface's IPv4 netmask, host order, for `ip broadcast`; undefined where it is unknown. */
  readonly netmask?: number;
  /** Whether the program will meet live packets (`inbound`, `ifindex` have an answer there). */
  readonly live?: boolean;
  /** What `@name` may stand for, by name. The graph then looks into tables of these names. */
  readonly sets?: ReadonlyMap<string, SetType>;
  /** `any`: a filter that does not say `vlan` itself is about frames with no, one or two tags alike. Default `exact`. */
  readonly vlan?: 'exact' | 'any';
  /** What the caller has found out about every packet that the filter meets: see `known-headers.ts`. */
  readonly known?: KnownHeaders;
  /** `follow`: transport headers are looked for behind IPv6 extension headers too. Default `fixed`. */
  readonly extensionHeaders?: 'fixed' | 'follow';
  /** False for one who compiles a filter several times: looking for contradictions takes most of the time. */
  readonly warns?: boolean;
  /** What becomes of a filter that no packet can match: a warning unless said, or an error as tcpdump has it. */
  readonly neverMatching?: 'warn' | 'refuse';
}

export interface CompiledFilter {
  readonly predicate: Predicate;
  /** Whether it reads the variables of `known.transport`. */
  readonly readsKnownTransport: boolean;
  /** Warnings only: errors are thrown. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * A filter expression as a predicate over the wire frame of a link type.
 * @throws DiagnosticError where the text is not a filter, or not one for this link type
 */
export function compile(source: Source, options: CompileOptions): CompiledFilter {
  const parsed = parse(source);
  if (parsed === undefined) return { predicate: always(true), readsKnownTransport: false, diagnostics: [] };
  const { linkType } = options;
  const lowering = startLowering(source, options, mentionsVlan(parsed));
  const expression = withDefaultScopes(parsed, options);
  const problems: Diagnostic[] = [];
  const clauses = clausesOf(expression).map((clause) => ({
    predicate: lower(lowering, clause, problems),
    span: spanOf(clause),
  }));
  if (problems.some((problem) => problem.severity === 'error')) throw new DiagnosticError(problems);
  const joined = and(...clauses.map((clause) => clause.predicate));
  const stored = variablesOf(options.known);
  const predicate = lowering.variables === stored.length ? joined : withInitialVariables(joined, stored);
  const warnings =
    options.warns === false ? [] : warnOfNeverMatching(linkType, { predicate, span: spanOf(expression) }, clauses);
  if (options.neverMatching === 'refuse' && warnings.length > 0) {
    throw new DiagnosticError(warnings.map((warning) => ({ ...warning, severity: 'error' })));
  }
  return {
    predicate,
    readsKnownTransport: lowering.transport?.used ?? false,
    diagnostics: [...problems, ...warnings],
  };
}

/** What policies take for granted, as if the user had written it around the filter. */
function withDefaultScopes(expression: Expression, options: CompileOptions): Expression {
  const { vlan, extensionHeaders, known } = options;
  const span = spanOf(expression);
  const followed: Expression =
    extensionHeaders === 'follow' ? { kind: 'scope', scope: 'ext', operand: expression, span } : expression;
  return vlan === 'any' && known === undefined && !mentionsVlan(expression)
    ? { kind: 'scope', scope: 'anyvlan', operand: followed, span }
    : followed;
}

function mentionsVlan(expression: Expression): boolean {
  const open = [expression];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node.kind === 'encapsulation' && node.header === 'vlan') return true;
    if (node.kind === 'scope' && node.scope === 'anyvlan') return true;
    if (isCombination(node)) open.push(...node.operands);
    else if (node.kind === 'not' || node.kind === 'scope') open.push(node.operand);
  }
  return false;
}

/** @param speaksOfTags a filter that says `vlan` is about the whole frame, whatever is known of its tags */
function startLowering(source: Source, options: CompileOptions, speaksOfTags: boolean): Lowering {
  const {
    linkType,
    names,
    netmask,
    live = false,
    sets = new Map<string, SetType>(),
    known,
    extensionHeaders,
  } = options;
  const isKnown = known !== undefined && !speaksOfTags;
  const transport = isKnown && extensionHeaders === 'follow' ? known.transport : undefined;
  return {
    linkType,
    names,
    netmask,
    live,
    sets,
    layers: isKnown ? layersBehindTags(linkType, known.tags) : outermostLayers(linkType),
    span: { source, start: 0, end: source.text.length },
    encapsulation: undefined,
    transport: transport === undefined ? undefined : { ...transport, used: false },
    variables: variablesOf(known).length,
  };
}

/** What the filter as a whole joins with `and`. */
function clausesOf(expression: Expression): readonly Expression[] {
  return expression.kind === 'and' ? expression.operands : [expression];
}
