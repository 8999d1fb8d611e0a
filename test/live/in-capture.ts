import { interpreter } from '../../src/cbpf/interpret.ts';
import { evaluate } from '../../src/ir/evaluate.ts';
import { wholePacket } from '../../src/ir/packet.ts';
import { captureProgram, filterGraph, unchanged, type Filter } from '../../src/pipeline.ts';

const acceptLength = 262_144;

/**
 * What a filter says of a frame in a capture; asked once for each frame.
 * @throws Error where the evaluator of its graph and the interpreter of its classic program are of two minds
 */
export function inCapture(filter: Filter): (frame: Uint8Array) => boolean {
  const { entry } = filterGraph(filter, unchanged);
  const execute = interpreter(captureProgram(filterGraph(filter), acceptLength).instructions);
  const known = new WeakMap<Uint8Array, boolean>();
  const verdictOn = (frame: Uint8Array): boolean => {
    const evaluated = evaluate(entry, wholePacket(frame)).verdict.kind === 'match';
    const interpreted = execute(frame, 0, frame.length, frame.length) > 0;
    if (evaluated !== interpreted) throw new Error(`two verdicts on ${Buffer.from(frame).toString('hex')}`);
    return evaluated;
  };
  return (frame) => {
    const verdict = known.get(frame) ?? verdictOn(frame);
    known.set(frame, verdict);
    return verdict;
  };
}
