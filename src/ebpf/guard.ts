import { mov } from './alu.ts';
import { helper } from './helper.ts';
import { call, exitProgram, jumpIf, label } from './jump.ts';
import { load, loadMap, loadMapValue } from './memory.ts';
import type { PlainMapSpec, Program } from './program.ts';

/**
 * A dead man's switch in the data path. Until a deadline the program runs as it is; from then on it hands every packet
 * to the program before it, by a tail call, whatever became of the process that loaded it. The clock is `jiffies`,
 * which the kernel inlines (about 1 ns with the comparison). Where there was no program, the packet passes.
 */
export const deadlineMap = 'pktf_deadline';
export const fallbackMap = 'pktf_fallback';

/** One 64-bit number, jiffies; shared by all programs of a change, so that all turn back together. */
export const deadlineSpec: PlainMapSpec = {
  name: deadlineMap,
  type: 'array',
  keySize: 4,
  valueSize: 8,
  maxEntries: 1,
  flags: 0,
};

/** Its first place holds the program to fall back to. The kernel empties it when its last descriptor or pin goes. */
export const fallbackSpec: PlainMapSpec = {
  name: fallbackMap,
  type: 'program-array',
  keySize: 4,
  valueSize: 4,
  maxEntries: 1,
  flags: 0,
};

const inTime = 'guard_in_time';

/** @param passCode what the hook returns for a packet that passes */
export function guarded(program: Program, passCode: number): Program {
  const prologue = [
    mov('r6', 'r1'),
    call(helper.jiffies64),
    loadMapValue('r1', deadlineMap),
    load(8, 'r1', 'r1', 0),
    jumpIf('r0', '<', 'r1', inTime),
    mov('r1', 'r6'),
    loadMap('r2', fallbackMap),
    mov('r3', 0),
    call(helper.tailCall),
    mov('r0', passCode),
    exitProgram,
    label(inTime),
    mov('r1', 'r6'),
  ];
  const { twinStart } = program;
  return {
    ...program,
    instructions: [...prologue, ...program.instructions],
    ...(twinStart === undefined ? {} : { twinStart: twinStart + prologue.length }),
    maps: [...program.maps, deadlineSpec, fallbackSpec],
  };
}
