import { openCapture } from '../capture/open.ts';
import { CaptureError } from '../capture/capture-error.ts';
import { batchCapacity } from '../capture/columns.ts';
import type { PacketBatch } from '../capture/batch.ts';
import type { Verdict } from '../ir/verdict.ts';
import type { Engine } from '../replay/engine.ts';
import { startEngine, type EngineRun } from '../replay/engine-run.ts';
import { createOutcomeTable, notExpressed, type OutcomeTable } from '../replay/outcome.ts';
import { ReplayError } from '../replay/replay-error.ts';
import { counterNames, type Policy } from '../rules/policy.ts';
import { endingVerdict } from '../rules/policy-graph.ts';
import { createDecider, decideInBatch, type Decision } from './decide.ts';
import type { InterfaceNumbers } from './interface-numbers.ts';
import { endingCounters, programOfPolicy, remembering, type PolicyFor } from './policy-program.ts';
import { printExpectation, type Expectation, type PolicyTest } from './policy-test.ts';
import { batchOfPacket } from './single-packet.ts';

export interface TestResult {
  readonly test: PolicyTest;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly packets: number;
  /** What was expected, and what came, where the test failed; why it did not run, where it was skipped. */
  readonly message?: string;
  /** The first packet that did not end as expected. */
  readonly offender?: Decision;
}

export interface PolicyReport {
  readonly policy: string;
  readonly results: readonly TestResult[];
  /** Rules that no test reached. */
  readonly unreached: readonly string[];
}

export interface TestRunOptions {
  readonly policyFor: PolicyFor;
  readonly tests: readonly PolicyTest[];
  readonly engine: Engine;
  readonly interfaces: InterfaceNumbers;
}

/** Runs the tests of a policy, one after another, on one engine. */
export async function runTests(options: TestRunOptions): Promise<PolicyReport> {
  const policyFor = remembering(options.policyFor);
  const { policy } = policyFor('EN10MB');
  const table = createOutcomeTable();
  const run = startEngine(options.engine, programOfPolicy(policyFor), table);
  const context: RunContext = {
    run,
    table,
    policyFor,
    names: counterNames(policy),
    ending: endingCounters(policy, (rule) => endingVerdict(rule) !== undefined),
    verdictName: (verdict) => verdictName(verdict, options.interfaces),
  };
  try {
    const results: TestResult[] = [];
    for (const test of options.tests) results.push(await runTest(test, context));
    return { policy: policy.name, results, unreached: unreachedRules(policy, run) };
  } finally {
    run.close();
  }
}

interface RunContext {
  readonly run: EngineRun;
  readonly table: OutcomeTable;
  readonly policyFor: PolicyFor;
  readonly names: readonly string[];
  readonly ending: readonly boolean[];
  verdictName(verdict: Verdict): string;
}

/** How a verdict is written in a test. */
export function verdictName(verdict: Verdict, interfaces: InterfaceNumbers): string {
  switch (verdict.kind) {
    case 'transmit':
      return 'tx';
    case 'redirect':
      return `redirect ${interfaces.nameOf(verdict.interfaceIndex)}`;
    default:
      return verdict.kind;
  }
}

function unreachedRules(policy: Policy, run: EngineRun): readonly string[] {
  const { packets } = run.counters(policy.rules.length + 2);
  return policy.rules.filter((_, index) => packets[index] === 0).map(({ name }) => name);
}

/** What became of the packets of a test. */
interface Tally {
  packets: number;
  skipped: number;
  /** Packets by how they ended. */
  readonly verdicts: Map<string, number>;
  /** Packets by the rule that ended them. */
  readonly rules: ReadonlyMap<string, number>;
}

async function runTest(test: PolicyTest, context: RunContext): Promise<TestResult> {
  try {
    const tally = await tallyOf(test, context);
    if (tally.skipped > 0) {
      const message = `this engine cannot run ${tally.skipped} of ${tally.packets} packets`;
      return { test, outcome: 'skipped', packets: tally.packets, message };
    }
    const message = disagreement(test.expectation, tally);
    if (message === undefined) return { test, outcome: 'passed', packets: tally.packets };
    const offender = await firstOffender(test, context);
    const failed: TestResult = { test, outcome: 'failed', packets: tally.packets, message };
    return offender === undefined ? failed : { ...failed, offender };
  } catch (failure) {
    if (!(failure instanceof CaptureError || failure instanceof ReplayError)) throw failure;
    return { test, outcome: 'failed', packets: 0, message: failure.message };
  }
}

async function tallyOf(test: PolicyTest, context: RunContext): Promise<Tally> {
  const { run, table, names, ending } = context;
  const before = run.counters(names.length).packets.slice();
  const verdicts = new Map<string, number>();
  const outcomes = new Uint16Array(batchCapacity);
  let packets = 0;
  let skipped = 0;
  await forEachBatchOf(test, async (batch) => {
    const failed = await run.run(batch, outcomes);
    if (failed !== undefined) throw new ReplayError('engine-unable', `the engine cannot run this: ${failed.reason}`);
    packets += batch.count;
    for (const outcome of outcomes.subarray(0, batch.count)) {
      if (outcome === notExpressed) skipped++;
      else addTo(verdicts, context.verdictName(table.verdicts[outcome] as Verdict), 1);
    }
  });
  const after = run.counters(names.length).packets;
  const rules = new Map<string, number>();
  names.forEach((name, index) => {
    const more = (after[index] as number) - (before[index] as number);
    if (ending[index] === true && more > 0) rules.set(name, more);
  });
  return { packets, skipped, verdicts, rules };
}

function addTo(counts: Map<string, number>, key: string, more: number): void {
  counts.set(key, (counts.get(key) ?? 0) + more);
}

async function forEachBatchOf(
  { subject }: PolicyTest,
  action: (batch: PacketBatch) => void | Promise<void>,
): Promise<void> {
  if (subject.kind === 'frame') return action(batchOfPacket(subject.bytes, 'EN10MB'));
  const capture = await openCapture(subject.path);
  try {
    for await (const batch of capture.batches()) await action(batch);
  } finally {
    capture.close();
  }
}

/** What differs from what was expected; undefined where nothing does. */
function disagreement(expectation: Expectation, tally: Tally): string | undefined {
  const expected = `expected ${printExpectation(expectation)}`;
  const came = `${listOf(tally.verdicts)} (${listOf(tally.rules, '"')})`;
  if (tally.packets === 0) return `${expected}, but there is no packet`;
  if (expectation.kind === 'verdict') {
    const { verdict, rule } = expectation;
    const isVerdict = tally.verdicts.get(verdict) === tally.packets;
    const isRule = rule === undefined || tally.rules.get(rule) === tally.packets;
    return isVerdict && isRule ? undefined : `${expected}, got ${came}`;
  }
  const differs = Object.entries(expectation.counts).some(([verdict, wanted]) => countOf(tally, verdict) !== wanted);
  return differs ? `${expected}, got ${came}` : undefined;
}

/** `redirect` counts redirects to any interface. */
function countOf({ verdicts }: Tally, wanted: string): number {
  let sum = 0;
  for (const [verdict, packets] of verdicts) {
    if (verdict === wanted || verdict.startsWith(`${wanted} `)) sum += packets;
  }
  return sum;
}

function listOf(counts: ReadonlyMap<string, number>, quote = ''): string {
  return [...counts].map(([name, packets]) => `${quote}${name}${quote} ${packets}`).join(', ');
}

/** The packet that a failing test is about: the first that did not end as expected. Sums have none. */
async function firstOffender(test: PolicyTest, context: RunContext): Promise<Decision | undefined> {
  const { expectation } = test;
  if (expectation.kind === 'counts') return undefined;
  let found: Decision | undefined;
  await forEachBatchOf(test, (batch) => {
    if (typeof batch.linkType !== 'string') return;
    const decide = createDecider(context.policyFor(batch.linkType));
    for (let index = 0; found === undefined && index < batch.count; index++) {
      const decision = decideInBatch(decide, batch, index);
      const isAsExpected =
        context.verdictName(decision.verdict) === expectation.verdict &&
        (expectation.rule === undefined || decision.rule === expectation.rule);
      if (!isAsExpected) found = decision;
    }
  });
  return found;
}
