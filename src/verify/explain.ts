import { textOf } from '../ir/span.ts';
import type { LinkType } from '../ir/link-type.ts';
import type { Packet } from '../ir/packet.ts';
import type { Predicate } from '../ir/predicate.ts';
import { noTables, type Tables } from '../ir/table.ts';
import { parsePacket } from '../packet/parse.ts';
import type { Layer } from '../packet/layer.ts';
import { summarize } from '../packet/summary.ts';
import { endingVerdict } from '../rules/policy-graph.ts';
import type { Rule } from '../rules/policy.ts';
import type { PolicyFile } from '../rules/read-policy.ts';
import { matchBehind, tagCounts } from '../rules/shared-headers.ts';
import { tablesOfSets } from '../rules/tables.ts';
import { createDecider } from './decide.ts';
import { fieldName } from './field-name.ts';
import { trace, type Step, type Trace } from './trace.ts';

/** Why a filter or a rule matches a packet, or does not. */
export interface Explanation {
  readonly answer: Trace['answer'];
  /** The part of the filter that decided, as the user wrote it. */
  readonly clause: string | undefined;
  /** What that part asked, in words. */
  readonly question: string | undefined;
  /** The bytes that it looked at. */
  readonly fields: readonly Field[];
}

export interface Field {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
  readonly value: number | undefined;
}

export interface RuleExplanation extends Explanation {
  readonly rule: string;
  readonly action: Rule['action'];
  readonly audit: boolean;
}

export interface PolicyExplanation {
  readonly packet: string;
  /** The rules in the order in which they were tried; behind one that ends, none is. */
  readonly rules: readonly RuleExplanation[];
  readonly verdict: string;
  /** The rule that ended, `default` or `malformed`. */
  readonly decidedBy: string;
}

/** A packet to be explained. */
export interface ExplainedPacket {
  readonly packet: Packet;
  readonly linkType: LinkType;
}

export function explainFilter(
  predicate: Predicate,
  explained: ExplainedPacket,
): Explanation & { readonly packet: string } {
  return { packet: summaryOf(explained), ...explain(predicate, explained, noTables) };
}

/** What a policy does with a packet, rule by rule. */
export function explainPolicy(file: PolicyFile, explained: ExplainedPacket): PolicyExplanation {
  const tables = tablesOfSets(file.sets);
  const tags = tagsOf(explained);
  const rules: RuleExplanation[] = [];
  for (const rule of file.policy.rules) {
    const explanation = explain(matchBehind(file.policy, rule, tags), explained, tables);
    rules.push({ rule: rule.name, action: rule.action, audit: rule.audit === true, ...explanation });
    if (explanation.answer === 'match' && endingVerdict(rule) !== undefined) break;
  }
  const { verdict, rule } = createDecider(file)(explained.packet);
  return { packet: summaryOf(explained), rules, verdict: verdict.kind, decidedBy: rule };
}

function summaryOf({ packet, linkType }: ExplainedPacket): string {
  return summarize(packet.bytes, packet.length, linkType);
}

/** As many as the graph of a policy tells apart. */
function tagsOf({ packet, linkType }: ExplainedPacket): number {
  const layers = parsePacket(packet.bytes, packet.length, linkType);
  return Math.min(layers.filter(({ kind }) => kind === 'vlan').length, tagCounts.length - 1);
}

function explain(predicate: Predicate, { packet, linkType }: ExplainedPacket, tables: Tables): Explanation {
  const { answer, steps } = trace(predicate, packet, tables);
  const layers = parsePacket(packet.bytes, packet.length, linkType);
  const deciding = answer === 'no match' ? telling(steps, layers) : steps.at(-1);
  if (deciding === undefined) return { answer, clause: undefined, question: undefined, fields: [] };
  return {
    answer,
    clause: deciding.span === undefined ? undefined : textOf(deciding.span).replace(/\s+/g, ' '),
    question: questionOf(deciding),
    fields: deciding.readings.map((reading) => ({ ...reading, name: nameOf(layers, reading) })),
  };
}

/**
 * The question that tells best why nothing matched. A clause may ask for several protocols in turn, `src net` for IPv4,
 * ARP and IPv6: then it is the last question about what lies behind the link header.
 */
function telling(steps: readonly Step[], layers: readonly Layer[]): Step | undefined {
  const last = steps.at(-1);
  const isAboutLink = ({ readings }: Step): boolean =>
    readings.every(({ offset }) => linkKinds.has(layers.findLast((layer) => layer.offset <= offset)?.kind));
  const ofClause = steps.filter(({ span }) => span?.start === last?.span?.start && span?.end === last?.span?.end);
  const found = ofClause.findLast((step) => !isAboutLink(step)) ?? last;
  // A byte that was compared with several numbers: the first is the one that the user wrote.
  return ofClause.find((step) => isEquality(step) && found !== undefined && readsTheSame(step, found)) ?? found;
}

function isEquality({ test, answer }: Step): boolean {
  return test.kind === 'compare' && test.operator === 'equal' && test.left.kind !== 'lookup' && answer === 'false';
}

function readsTheSame(one: Step, other: Step): boolean {
  const places = ({ readings }: Step): string => readings.map(({ offset, size }) => `${offset}:${size}`).join(' ');
  return isEquality(other) && places(one) === places(other);
}

const linkKinds: ReadonlySet<Layer['kind'] | undefined> = new Set(['ethernet', 'vlan', 'cooked', 'loopback', 'ppp']);

function nameOf(layers: readonly Layer[], { offset, size }: Step['readings'][number]): string {
  return fieldName(layers, offset, size);
}

const operators = { equal: '=', greater: '>', 'greater-or-equal': '>=' } as const;

/** The comparison with the numbers that were compared. */
function questionOf({ test, operands, answer }: Step): string {
  const [left, right] = operands.map((operand) => (operand === undefined ? 'nothing' : number(operand)));
  const verdict = answer === 'fails' ? 'the bytes are not there' : answer === 'true' ? 'yes' : 'no';
  switch (test.kind) {
    case 'compare':
      if (test.left.kind === 'lookup') {
        // A lookup gives 0 where the table does not hold the key, and the filter asks whether it does not.
        return `is it in @${test.left.table.name}? ${answer === 'true' ? 'no' : answer === 'false' ? 'yes' : verdict}`;
      }
      return `${left} ${operators[test.operator]} ${right}? ${verdict}`;
    case 'any-bit':
      return `has ${left} any bit of ${right}? ${verdict}`;
    case 'present':
      return `are there ${test.size} bytes at ${left}? ${verdict}`;
  }
}

function number(value: number): string {
  return value < 10 ? String(value) : `${value} (0x${value.toString(16)})`;
}
