import type { PacketBatch } from '../capture/batch.ts';
import { evaluate } from '../ir/evaluate.ts';
import type { LinkType } from '../ir/link-type.ts';
import type { Packet } from '../ir/packet.ts';
import type { Verdict } from '../ir/verdict.ts';
import { summarize } from '../packet/summary.ts';
import { packetOfBatch } from '../replay/packet-of-batch.ts';
import { counterNames } from '../rules/policy.ts';
import { policyGraph } from '../rules/policy-graph.ts';
import type { PolicyFile } from '../rules/read-policy.ts';
import { tablesOfSets } from '../rules/tables.ts';

/** What became of one packet, and by which rule. */
export interface Decision {
  /** In its capture, from 1. */
  readonly number: number;
  /** The packet in one line. */
  readonly summary: string;
  readonly verdict: Verdict;
  /** The rule that ended it, `default` or `malformed`. */
  readonly rule: string;
}

/** What became of a packet, by the evaluator. */
export type Ending = Pick<Decision, 'verdict' | 'rule'>;

export type Decider = (packet: Packet) => Ending;

/** The meaning of a policy, packet by packet. */
export function createDecider({ policy, sets }: PolicyFile): Decider {
  const { entry } = policyGraph(policy, { counters: true });
  const tables = tablesOfSets(sets);
  const names = counterNames(policy);
  return (packet) => {
    const { verdict, counted } = evaluate(entry, packet, tables);
    // The last counter is that of the rule that ended; those before it went on.
    return { verdict, rule: names[counted.at(-1) as number] as string };
  };
}

/** The same for a packet of a batch, with what a report says of it. */
export function decideInBatch(decide: Decider, batch: PacketBatch, index: number): Decision {
  const packet = packetOfBatch(batch, index);
  return {
    number: batch.firstNumber + index,
    summary: summarize(packet.bytes, packet.length, batch.linkType as LinkType),
    ...decide(packet),
  };
}
