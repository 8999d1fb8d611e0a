import type { CompileOptions } from '../../src/compiler/compile.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { compileFilter, type Filter } from '../../src/pipeline.ts';
import { withNamespaces } from '../support/netns.ts';
import type { Hook } from './hook.ts';
import { inCapture } from './in-capture.ts';
import type { Observer, Sighting } from './observers.ts';
import { prepareForLargeFrames } from './large-frames.ts';
import { rounds } from './rounds.ts';
import { openSenders } from './senders.ts';
import { expectedAt, type Expected, type Transmission } from './transmission.ts';

export interface LiveOptions {
  readonly filters: readonly string[];
  readonly names: CompileOptions['names'];
  readonly transmissions: readonly Transmission[];
  /** Whether a tag that the sender's kernel puts on stays in metadata on its way (`txvlan` and its like). */
  readonly tagOffload: boolean;
}

export interface LiveReport {
  /** Verdicts compared, by hook. */
  readonly compared: Map<Hook, number>;
  /** How many of them were a match, by filter. */
  readonly matches: Map<string, number>;
  readonly disagreements: Disagreement[];
}

export interface Disagreement {
  readonly hook: Hook;
  readonly filter: string;
  readonly frame: string;
  readonly expected: Expected;
  readonly seen: Sighting;
}

/** A filter, and what it says of a frame in a capture. */
interface LiveFilter {
  readonly text: string;
  readonly filter: Filter;
  readonly matches: (frame: Uint8Array) => boolean;
}

/**
 * Sends frames over a veth pair, one at a time, past all hooks, and compares what each filter says at each hook with
 * what it says of the same frames in a capture.
 */
export async function compareLive(kernel: Kernel, options: LiveOptions): Promise<LiveReport> {
  const { names, tagOffload } = options;
  const filters = options.filters.map((text) => {
    const filter = compileFilter({ name: 'filter', text }, { linkType: 'EN10MB', names });
    return { text, filter, matches: inCapture(filter) };
  });
  const report: LiveReport = { compared: new Map(), matches: new Map(), disagreements: [] };
  for (const { open, merged } of rounds) {
    const transmissions = options.transmissions.filter(({ by }) => merged || by !== 'merged');
    await withNamespaces(kernel, (namespaces) => {
      prepareForLargeFrames(namespaces, tagOffload);
      const senders = openSenders(kernel, namespaces.a);
      const observers = open(kernel, namespaces);
      try {
        for (const filter of filters) {
          for (const observer of observers) observer.use(filter.filter);
          for (const each of transmissions) {
            senders.send(each);
            for (const observer of observers) compareOne(report, observer, filter, each, tagOffload);
          }
        }
      } finally {
        for (const each of [...observers, senders]) each.close();
      }
    });
  }
  return report;
}

function compareOne(
  report: LiveReport,
  observer: Observer,
  { text, matches }: LiveFilter,
  sent: Transmission,
  tagOffload: boolean,
): void {
  const { hook } = observer;
  const expected = expectedAt(hook, sent, tagOffload, matches);
  const seen = waitFor(observer, expected.arrives);
  report.compared.set(hook, (report.compared.get(hook) ?? 0) + 1);
  report.matches.set(text, (report.matches.get(text) ?? 0) + (seen.matched > 0 ? 1 : 0));
  if (!agree(expected, seen, sent.by === 'merged'))
    report.disagreements.push({ hook, filter: text, frame: sent.name, expected, seen });
}

/** A merged packet may be counted as its segments, and with their headers. */
function agree({ arrives, matches, bytes }: Expected, seen: Sighting, merged: boolean): boolean {
  if (!arrives) return seen.packets === 0;
  const counted = merged ? seen.packets >= 1 && seen.bytes >= bytes : seen.packets === 1 && seen.bytes === bytes;
  return counted && seen.matched === (matches ? seen.packets : 0);
}

const longestWait = 500;

/** Frames arrive while send(2) is under way, unless the machine is busy. */
function waitFor(observer: Observer, arrives: boolean): Sighting {
  const deadline = performance.now() + longestWait;
  for (;;) {
    const seen = observer.look();
    if (seen.packets > 0 || !arrives || performance.now() > deadline) return seen;
  }
}
