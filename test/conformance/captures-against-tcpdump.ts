import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { PacketBatch, PacketSource } from '../../src/capture/batch.ts';
import { CaptureError } from '../../src/capture/capture-error.ts';
import { captureOf, openCapture } from '../../src/capture/open.ts';
import { bytesInMemory } from '../../src/capture/byte-source.ts';
import { DiagnosticError } from '../../src/compiler/diagnostic.ts';
import type { LinkType } from '../../src/ir/link-type.ts';
import { systemNames } from '../../src/names/system-names.ts';
import { compileFilter, filterGraph } from '../../src/pipeline.ts';
import type { Engine } from '../../src/replay/engine.ts';
import { replay } from '../../src/replay/replay.ts';
import { matchOutcome } from '../../src/replay/outcome.ts';
import type { ConformanceReport } from './report.ts';

export interface CaptureRun {
  /** Folder of captures. */
  readonly folder: string;
  readonly filters: readonly string[];
  readonly linkTypes: readonly LinkType[];
  readonly engine: Engine;
  /** Which share of the pairs of capture and filter is run, 0 to 1: starting tcpdump is what takes the time. */
  readonly share: number;
}

/**
 * Every capture of a folder with every filter: the packets that pktf picks are those that `tcpdump -O -r` picks, byte for
 * byte. Where tcpdump refuses a filter for a link type, so must pktf.
 */
export async function capturesAgainstTcpdump(run: CaptureRun): Promise<ConformanceReport> {
  const failures: string[] = [];
  let compared = 0;
  let captures = 0;
  for (const name of readdirSync(run.folder).toSorted()) {
    const path = join(run.folder, name);
    const linkType = await linkTypeOf(path);
    if (linkType === undefined || !run.linkTypes.includes(linkType)) continue;
    captures++;
    for (const filter of run.filters) {
      if (!isChosen(`${name} ${filter}`, run.share)) continue;
      compared++;
      const [expected, actual] = [await pickedByTcpdump(path, filter), await pickedByPktf(path, filter, run.engine)];
      if (expected !== actual)
        failures.push(`${name} '${filter}': tcpdump ${summary(expected)}, pktf ${summary(actual)}`);
    }
  }
  const title = `captures against tcpdump -O -r (${run.engine.name}): ${captures} captures, ${run.filters.length} filters`;
  return { title, compared, failures };
}

/** The same pairs in every run. */
function isChosen(pair: string, share: number): boolean {
  return createHash('sha256').update(pair).digest().readUInt32BE(0) < share * 2 ** 32;
}

async function linkTypeOf(path: string): Promise<LinkType | undefined> {
  try {
    const capture = await openCapture(path);
    capture.close();
    return typeof capture.linkType === 'string' ? capture.linkType : undefined;
  } catch (error) {
    if (error instanceof CaptureError) return undefined;
    throw error;
  }
}

const refused = 'refused';

/** One line a packet; what tcpdump wrote before it met a broken record counts. */
async function pickedByTcpdump(path: string, filter: string): Promise<string> {
  const written = runTcpdump(path, filter);
  if (written === undefined) return refused;
  const lines: string[] = [];
  await forEachBatch(await captureOf(bytesInMemory([written], 'tcpdump')), (batch) => {
    for (let i = 0; i < batch.count; i++) lines.push(describePacket(batch, i));
  });
  return lines.join('\n');
}

function runTcpdump(path: string, filter: string): Uint8Array | undefined {
  const words = ['-n', '-O', '-r', path, '-w', '-', '--', ...(filter === '' ? [] : [filter])];
  const written = tcpdump(words);
  return written.length === 0 ? undefined : written;
}

/** tcpdump ends with an error at a broken record, after having written what came before. */
function tcpdump(words: readonly string[]): Uint8Array {
  try {
    return execFileSync('tcpdump', words, { stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1 << 28 });
  } catch (error) {
    return (error as { stdout: Uint8Array }).stdout;
  }
}

async function pickedByPktf(path: string, filter: string, engine: Engine): Promise<string> {
  const lines: string[] = [];
  const names = systemNames();
  try {
    await replay({
      sources: [await openCapture(path)],
      engine,
      counters: 0,
      program: {
        programFor: (linkType) => ({
          graph: filterGraph(compileFilter({ name: 'filter', text: filter }, { linkType, names })),
          counters: 0,
        }),
      },
      onBatch: (batch, outcomes) => {
        for (let i = 0; i < batch.count; i++) if (outcomes[i] === matchOutcome) lines.push(describePacket(batch, i));
      },
    });
  } catch (error) {
    if (error instanceof DiagnosticError) return refused;
    if (!(error instanceof CaptureError)) throw error;
  }
  return lines.join('\n');
}

async function forEachBatch(source: PacketSource, see: (batch: PacketBatch) => void): Promise<void> {
  try {
    for await (const batch of source.batches()) see(batch);
  } finally {
    source.close();
  }
}

function describePacket(batch: PacketBatch, index: number): string {
  const offset = batch.offsets[index] as number;
  const bytes = batch.bytes.subarray(offset, offset + (batch.capturedLengths[index] as number));
  // Without the time: tcpdump writes garbage where a capture has more than a second's worth of nanoseconds.
  return `${batch.lengths[index]} ${Buffer.from(bytes).toString('hex')}`;
}

function summary(picked: string): string {
  if (picked === refused) return refused;
  return `picks ${picked === '' ? 0 : picked.split('\n').length}`;
}
