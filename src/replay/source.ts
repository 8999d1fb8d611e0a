import type { PacketBatch, PacketSource } from '../capture/batch.ts';
import { CaptureError } from '../capture/capture-error.ts';

/** Captures, one after another. Who opened them closes them. */
export type PacketSources = Iterable<PacketSource> | AsyncIterable<PacketSource>;

/**
 * Gives the batches of all sources, in order, to an action.
 * @param action also gets the place of the batch's source among the sources, from 0
 * @param onFailure told of a source that cannot be read to its end; the others follow. Without it, the error is thrown.
 */
export async function forEachBatch(
  sources: PacketSources,
  action: (batch: PacketBatch, source: number) => void | Promise<void>,
  onFailure?: (error: CaptureError) => void,
): Promise<void> {
  let number = 0;
  for await (const source of sources) {
    try {
      for await (const batch of source.batches()) {
        const acting = action(batch, number);
        if (acting !== undefined) await acting;
      }
    } catch (error) {
      if (onFailure === undefined || !(error instanceof CaptureError)) throw error;
      onFailure(error);
    }
    number++;
  }
}
