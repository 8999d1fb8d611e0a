import { compile, type CompileOptions } from '../../src/compiler/compile.ts';
import { DiagnosticError } from '../../src/compiler/diagnostic.ts';
import { render } from '../../src/compiler/render.ts';
import { linkTypes } from '../../src/ir/link-type.ts';
import { brokenText } from './broken-text.ts';
import { createDice, seedOf } from './dice.ts';
import { fixedNames } from './fixed-names.ts';
import { randomFilter } from './random-filter.ts';
import { netmask } from './reference.ts';

export interface ParserRun {
  readonly seed: number;
  /** Asked after each text. */
  readonly goesOn: (report: ParserReport) => boolean;
  readonly onFailure: (text: string) => void;
}

export interface ParserReport {
  texts: number;
  accepted: number;
  failures: number;
  /** Milliseconds of processor time of the slowest text. */
  slowest: { readonly time: number; readonly text: string };
}

/**
 * Milliseconds of processor time: more than any text of 20,000 characters needs on a slow machine, and less than
 * anything quadratic takes.
 */
const mostTime = 3_000;

const names = fixedNames();
const policyDefaults = { vlan: 'any', extensionHeaders: 'follow' } as const;

/** Compiles broken texts: a diagnostic, which can be drawn, is all that may come of one, and that soon. */
export function fuzzParser({ seed, goesOn, onFailure }: ParserRun): ParserReport {
  const report: ParserReport = { texts: 0, accepted: 0, failures: 0, slowest: { time: 0, text: '' } };
  do {
    const dice = createDice(seedOf(seed, report.texts));
    const linkType = dice.chance(0.5) ? 'EN10MB' : dice.one(linkTypes).name;
    const options: CompileOptions = { linkType, names, netmask, ...(dice.chance(0.3) ? policyDefaults : {}) };
    const text = brokenText(dice, randomFilter(dice, linkType));
    const started = process.cpuUsage();
    const outcome = tryToCompile(text, options);
    const { user, system } = process.cpuUsage(started);
    const time = (user + system) / 1000;
    report.texts++;
    if (time > report.slowest.time) report.slowest = { time, text };
    if (outcome === 'accepted') report.accepted++;
    const problem = outcome instanceof Error ? String(outcome.stack) : time > mostTime ? `took ${time} ms` : undefined;
    if (problem === undefined) continue;
    report.failures++;
    onFailure(`${linkType} ${JSON.stringify(text)}\n  ${problem}`);
  } while (goesOn(report));
  return report;
}

function tryToCompile(text: string, options: CompileOptions): 'accepted' | 'rejected' | Error {
  try {
    const { diagnostics } = compile({ name: 'filter', text }, options);
    diagnostics.forEach(render);
    return 'accepted';
  } catch (error) {
    if (!(error instanceof DiagnosticError)) return error as Error;
    return renderingOf(error) ?? 'rejected';
  }
}

function renderingOf(error: DiagnosticError): Error | undefined {
  try {
    error.diagnostics.forEach(render);
    return undefined;
  } catch (problem) {
    return problem as Error;
  }
}
