import type { Kernel } from './kernel/kernel.ts';
import { openCapture } from './capture/open.ts';
import type { Source } from './ir/span.ts';
import { systemNames } from './names/system-names.ts';
import { compileFilter, filterGraph } from './pipeline.ts';
import { javascriptEngine } from './replay/engine/javascript.ts';
import { matchOutcome } from './replay/outcome.ts';
import { packetOfBatch } from './replay/packet-of-batch.ts';
import { replay } from './replay/replay.ts';
import type { LinkType } from './ir/link-type.ts';

/** The kernel that this process runs on. Nothing is changed by opening it. */
export async function openKernel(): Promise<Kernel> {
  const { openLinuxKernel } = await import('./kernel/linux/index.ts');
  return openLinuxKernel();
}

export interface ReplayedPacket {
  /** In its capture, from 1. */
  readonly number: number;
  /** Milliseconds since 1970, as `Date` counts. */
  readonly time: number;
  /** The captured bytes; a copy. */
  readonly bytes: Uint8Array;
  /** Length on the wire. */
  readonly length: number;
  readonly linkType: LinkType;
}

export interface ReplaySummary {
  readonly packets: number;
  readonly matched: number;
}

/**
 * Runs a filter over capture files.
 * @param paths capture files, read one after another
 * @param filter in tcpdump's language
 * @param onMatch sees each matching packet
 * @throws DiagnosticError (the filter), CaptureError (a capture, after its good packets were seen)
 */
export async function replayFilter(
  paths: readonly string[],
  filter: Source | string,
  onMatch?: (packet: ReplayedPacket) => void,
): Promise<ReplaySummary> {
  const source = typeof filter === 'string' ? { name: 'filter', text: filter } : filter;
  const names = systemNames();
  const result = await replay({
    sources: openAll(paths),
    engine: javascriptEngine,
    counters: 0,
    program: {
      programFor: (linkType) => ({ graph: filterGraph(compileFilter(source, { linkType, names })), counters: 0 }),
    },
    ...(onMatch === undefined
      ? {}
      : {
          onBatch(batch, outcomes) {
            for (let i = 0; i < batch.count; i++) {
              if (outcomes[i] !== matchOutcome) continue;
              const { bytes, length } = packetOfBatch(batch, i);
              onMatch({
                number: batch.firstNumber + i,
                time: (batch.seconds[i] as number) * 1000 + (batch.nanoseconds[i] as number) / 1e6,
                bytes: bytes.slice(),
                length,
                linkType: batch.linkType as LinkType,
              });
            }
          },
        }),
  });
  return { packets: result.packets, matched: result.byVerdict[matchOutcome]?.packets ?? 0 };
}

async function* openAll(paths: readonly string[]) {
  for (const path of paths) {
    const capture = await openCapture(path);
    try {
      yield capture;
    } finally {
      capture.close();
    }
  }
}
