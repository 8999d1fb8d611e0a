import type { Context } from 'mocha';

/** What a test may need of the machine it runs on: `kernel`, `root`, `libpcap`, `tcpdump`, … */
export type Requirement = string;

/**
 * Skips a test (or, in `before`, all tests of a block) with the reason where something is missing. Where the
 * environment variable PKTF_REQUIRE names the requirement (`PKTF_REQUIRE=kernel,root,libpcap`), as in CI, it fails
 * instead: no test is skipped unseen.
 * @param missing why it is not there; undefined: it is
 */
export function requireOrSkip(context: Context, requirement: Requirement, missing: string | undefined): void;
/** @param present whether it is there @param reason why not */
export function requireOrSkip(context: Context, requirement: Requirement, present: boolean, reason: string): void;
export function requireOrSkip(
  context: Context,
  requirement: Requirement,
  state: boolean | string | undefined,
  reason = 'it is not there',
): void {
  if (state === undefined || state === true) return;
  const missing = state === false ? reason : state;
  const required = (process.env['PKTF_REQUIRE'] ?? '').split(',');
  if (required.includes(requirement)) throw new Error(`PKTF_REQUIRE wants ${requirement}, but ${missing}`);
  skipBecause(context, missing);
}

/** Skips a test (or, in `before`, all tests of a block); the reason stands behind their titles. */
export function skipBecause(context: Context, reason: string): never {
  const running = context.test;
  const name = (test: { title: string }): void => {
    test.title += ` (skipped: ${reason})`;
  };
  if (running?.title.startsWith('"before all" hook') === true) running.parent?.eachTest(name);
  else if (running !== undefined) name(running);
  return context.skip();
}
