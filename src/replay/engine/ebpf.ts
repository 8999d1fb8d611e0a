import { countersMap } from '../../ebpf/generate/count.ts';
import { createInterpreter, interpret } from '../../ebpf/interpret/interpret.ts';
import { createMaps } from '../../ebpf/interpret/maps.ts';
import { generateXdp } from '../../xdp/program.ts';
import { createCounters, type Engine } from '../engine.ts';
import { packetOfBatch } from '../packet-of-batch.ts';
import { noContents } from '../table-contents.ts';
import { fillTables } from './fill-tables.ts';
import { xdpVerdicts } from './hook-verdict.ts';

const BPF_ANY = 0;

/** The program that XDP would run, its maps included, interpreted with the checks of the kernel's verifier. */
export const ebpfEngine: Engine = {
  name: 'ebpf',
  prepare({ graph, counters, tables = noContents }, table) {
    const program = generateXdp(graph, { counters });
    const interpreter = createInterpreter(program);
    const maps = createMaps(program);
    fillTables(program, tables, (map, key, value) => maps.get(map)?.update(key, value, BPF_ANY));
    const verdicts = xdpVerdicts(graph, table);
    return {
      able: true,
      run(batch, outcomes) {
        for (let i = 0; i < batch.count; i++) {
          const { returnValue, redirectedTo } = interpret(interpreter, packetOfBatch(batch, i), { maps });
          outcomes[i] = verdicts.outcomeOf(returnValue, redirectedTo);
        }
      },
      counters() {
        const counted = createCounters(counters);
        for (let counter = 0; counter < counters; counter++) {
          const value = maps.get(countersMap)?.lookup(new Uint8Array(Uint32Array.of(counter).buffer));
          if (value === undefined) continue;
          const view = new DataView(value.buffer, value.byteOffset);
          counted.packets[counter] = Number(view.getBigUint64(0, true));
          counted.bytes[counter] = Number(view.getBigUint64(8, true));
        }
        return counted;
      },
      close() {},
    };
  },
};
