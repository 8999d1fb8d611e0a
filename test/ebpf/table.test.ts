import { expect } from 'chai';
import fc from 'fast-check';
import { disassemble } from '../../src/ebpf/disassemble.ts';
import { createInterpreter, interpret } from '../../src/ebpf/interpret/interpret.ts';
import { createMaps, createRuntimeMap, type RuntimeMap, type RuntimeMaps } from '../../src/ebpf/interpret/maps.ts';
import type { Program } from '../../src/ebpf/program.ts';
import { encodeElements, type StoredElement } from '../../src/ebpf/table-entry.ts';
import { contentsSpec } from '../../src/ebpf/table-map.ts';
import { evaluate } from '../../src/ir/evaluate.ts';
import { exit, graphOf, type Graph } from '../../src/ir/graph.ts';
import { wholePacket } from '../../src/ir/packet.ts';
import { and, assigning, or, testing, type Predicate } from '../../src/ir/predicate.ts';
import { tablesOf } from '../../src/ir/table-contents.ts';
import type { Tables } from '../../src/ir/table.ts';
import { equal } from '../../src/ir/test.ts';
import { add, binary, constant, load, lookup, variable } from '../../src/ir/value.ts';
import { match, noMatch } from '../../src/ir/verdict.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { openKernelClock, type KernelClock } from '../../src/loader/kernel-clock.ts';
import { load as loadProgram, type LoadedProgram } from '../../src/loader/load.ts';
import { addElements, createContents, deleteElements, listElements, swapContents } from '../../src/loader/table.ts';
import { testRun } from '../../src/kernel/bpf/test-run.ts';
import {
  liveElements,
  randomAsking,
  randomElements,
  randomFrame,
  randomTables,
  type RandomTable,
} from '../support/random-table.ts';
import { openRealKernel } from '../support/real-kernel.ts';
import { hooks } from './hooks.ts';

type Contents = ReadonlyMap<string, readonly StoredElement[]>;

/** A million seconds at 1,000 Hz: no test takes as long. */
const far = 1_000_000_000n;

interface Case {
  readonly tables: readonly RandomTable[];
  readonly graph: Graph;
  /** What the tables hold first, what is added to it, and what takes its place. */
  readonly first: Contents;
  readonly added: Contents;
  readonly replacement: Contents;
  readonly frames: readonly Uint8Array[];
}

function randomCase(ends: readonly bigint[]): fc.Arbitrary<Case> {
  return randomTables().chain((tables) => {
    const contents = fc
      .tuple(...tables.map((table) => randomElements(table, ends)))
      .map((lists): Contents => new Map(tables.map(({ reference }, index) => [reference.name, lists[index] ?? []])));
    const graph = randomAsking(tables).map((asking) => graphAsking(asking));
    const frames = fc.array(randomFrame(), { minLength: 6, maxLength: 12 });
    return fc.record({
      tables: fc.constant(tables),
      graph,
      first: contents,
      added: contents,
      replacement: contents,
      frames,
    });
  });
}

function graphAsking(asking: Predicate): Graph {
  const predicate = and(assigning(0, load(3, 1)), assigning(1, load(22, 4)), asking);
  return { linkType: 'EN10MB', entry: graphOf(predicate, exit(match), exit(noMatch), exit(noMatch)) };
}

function joined(first: Contents, second: Contents): Contents {
  return new Map([...first].map(([name, elements]) => [name, [...elements, ...(second.get(name) ?? [])]]));
}

function without(contents: Contents, removed: Contents): Contents {
  const keys = (list: readonly StoredElement[]): readonly string[] =>
    list.map(({ element }) => JSON.stringify(element));
  return new Map(
    [...contents].map(([name, elements]) => {
      const gone = new Set(keys(removed.get(name) ?? []));
      return [name, elements.filter(({ element }) => !gone.has(JSON.stringify(element)))];
    }),
  );
}

function meaningOf(contents: Contents, now: bigint): Tables {
  return tablesOf(new Map([...contents].map(([name, stored]) => [name, liveElements(stored, now)])));
}

function shapesOf(tables: readonly RandomTable[]): ReadonlyMap<string, RandomTable['shape']> {
  return new Map(tables.map(({ reference, shape }) => [reference.name, shape]));
}

/** Of the interpreter's maps: the one with the elements. */
function contentsOf(maps: RuntimeMaps, name: string): RuntimeMap {
  const map = maps.get(name) as RuntimeMap;
  return map.innerMaps?.[0] ?? map;
}

describe('tables as maps', () => {
  it('the interpreter means what the graph means, filled, changed and swapped', () => {
    const now = 2n ** 32n + 5n;
    const verdicts = new Set<string>();
    fc.assert(
      fc.property(
        randomCase([now - far, now, now + 1n, now + far]),
        fc.nat(60),
        ({ tables, graph, first, replacement, frames }, linear) => {
          for (const hook of hooks) {
            const program = hook.generate(graph, shapesOf(tables));
            const interpreter = createInterpreter(program);
            const maps = createMaps(program);
            const expectMeaning = (contents: Contents): void => {
              const meaning = meaningOf(contents, now);
              for (const packet of frames.map(wholePacket).map(hook.show)) {
                const { verdict } = evaluate(graph.entry, packet, meaning);
                verdicts.add(verdict.kind);
                for (const readable of [packet.bytes.length, linear]) {
                  const { returnValue } = interpret(interpreter, packet, { maps, linear: readable, jiffies: now });
                  expect(returnValue, disassemble(program.instructions)).to.equal(hook.codeOf(verdict));
                }
              }
            };
            for (const { table, map, layout } of program.tables ?? []) {
              for (const { key, value } of encodeElements(layout, first.get(table.name) ?? [])) {
                expect(contentsOf(maps, map).update(key, value, 0)).to.equal(0);
              }
            }
            expectMeaning(first);
            const after = new Map(first);
            for (const { table, map, layout } of program.tables ?? []) {
              if (!layout.swappable) continue;
              const contents = createRuntimeMap(contentsSpec('new', layout));
              const elements = replacement.get(table.name) ?? [];
              for (const { key, value } of encodeElements(layout, elements)) contents.update(key, value, 0);
              ((maps.get(map) as RuntimeMap).innerMaps as (RuntimeMap | undefined)[])[0] = contents;
              after.set(table.name, elements);
            }
            expectMeaning(after);
          }
        },
      ),
      { numRuns: 250 },
    );
    expect([...verdicts].sort()).to.deep.equal(['match', 'no-match']);
  }).timeout(60_000);

  it('a swappable table that holds nothing is empty', () => {
    const reference = { name: 'gone', space: 'ipv6' } as const;
    const asked = lookup(reference, load(22, 4), load(26, 4), load(30, 4), load(34, 4));
    const graph = graphAsking(testing(equal(asked, 0)));
    for (const hook of hooks) {
      for (const expiring of [false, true]) {
        const program = hook.generate(graph, new Map([['gone', { swappable: true, expiring }]]));
        const maps = createMaps(program);
        ((maps.get('t0_gone') as RuntimeMap).innerMaps as (RuntimeMap | undefined)[])[0] = undefined;
        const { returnValue } = interpret(createInterpreter(program), wholePacket(new Uint8Array(60)), { maps });
        expect(returnValue).to.equal(hook.codeOf(match));
      }
    }
  });

  describe('in the kernel', () => {
    let kernel: Kernel;
    let clock: KernelClock;
    const met = { packets: 0, programs: 0, verdicts: new Set<string>() };

    before(async function () {
      kernel = await openRealKernel(this);
      clock = openKernelClock(kernel);
    });

    after(() => {
      clock?.close();
      process.stdout.write(
        `    ${met.programs} programs, ${met.packets} packets, ${[...met.verdicts].join(' and ')}\n`,
      );
    });

    for (const hook of hooks) {
      it(`at ${hook.name}: as the graph means, filled, added to, deleted from and swapped`, () => {
        const now = clock.now();
        fc.assert(
          fc.property(
            randomCase([now - far, now - far, now + far]),
            ({ tables, graph, first, added, replacement, frames }) => {
              const program = hook.generate(graph, shapesOf(tables));
              const loaded = loadProgram(kernel, program);
              met.programs++;
              const expectMeaning = (contents: Contents): void => {
                const meaning = meaningOf(contents, now);
                for (const data of frames) {
                  const { verdict } = evaluate(graph.entry, hook.show(wholePacket(data)), meaning);
                  met.packets++;
                  met.verdicts.add(verdict.kind);
                  const answer = testRun(kernel, loaded.descriptor, { data }).returnValue | 0;
                  expect(answer, disassemble(program.instructions)).to.equal(hook.codeOf(verdict));
                }
              };
              try {
                expectMeaning(new Map([...first.keys()].map((name) => [name, []])));
                change(program, loaded, (contents, layout, name) =>
                  addElements(kernel, contents, layout, first.get(name) ?? []),
                );
                expectMeaning(first);
                change(program, loaded, (contents, layout, name) =>
                  addElements(kernel, contents, layout, added.get(name) ?? []),
                );
                expectMeaning(joined(first, added));
                expectListed(program, loaded, joined(first, added), now);
                // Ports overlap, so that what deleting one range leaves of another is a matter of its own.
                const gone = new Map(
                  [...first].map(([name, list]) => [name, name === 'of port' ? [] : list.slice(0, 4)]),
                );
                change(program, loaded, (contents, layout, name) => {
                  const elements = (gone.get(name) ?? []).map(({ element }) => element);
                  deleteElements(kernel, contents, layout, elements);
                });
                expectMeaning(without(joined(first, added), gone));
                expectMeaning(swapAll(program, loaded, without(joined(first, added), gone), replacement));
              } finally {
                loaded.close();
              }
            },
          ),
          { numRuns: 80 },
        );
      }).timeout(60_000);
    }

    for (const space of ['ipv4', 'ipv6'] as const) {
      it(`${space}: networks of every length, all expired but the widest`, () => {
        const size = space === 'ipv4' ? 4 : 16;
        const now = clock.now();
        const nested = Array.from({ length: size * 8 }, (_, index): StoredElement => {
          const address = new Uint8Array(size);
          return { element: { kind: 'network', address, prefixLength: index + 1 }, expires: now - far };
        });
        const widest: StoredElement = {
          element: { kind: 'network', address: new Uint8Array(size), prefixLength: 0 },
          expires: now + far,
        };
        const asked = lookup({ name: 'nested', space }, ...Array.from({ length: size / 4 }, () => load(22, 4)));
        for (const hook of hooks) {
          const program = hook.generate(
            graphAsking(testing(equal(asked, 1))),
            new Map([['nested', { expiring: true }]]),
          );
          const loaded = loadProgram(kernel, program);
          try {
            const data = new Uint8Array(60);
            const ask = (): number => testRun(kernel, loaded.descriptor, { data }).returnValue | 0;
            change(program, loaded, (contents, layout) => addElements(kernel, contents, layout, nested));
            expect(ask()).to.equal(hook.codeOf(noMatch));
            change(program, loaded, (contents, layout) => addElements(kernel, contents, layout, [widest]));
            expect(ask()).to.equal(hook.codeOf(match));
          } finally {
            loaded.close();
          }
        }
      });
    }

    it('takes 200 lookups in tables of IPv6 networks that expire', () => {
      const [first, ...others] = Array.from({ length: 200 }, (_, index) => {
        const base = add(binary('and', variable(0), constant(15)), 16 + (index % 24));
        const parts = [0, 4, 8, 12].map((offset) => load(add(base, offset), 4));
        return testing(equal(lookup({ name: `t${index % 7}`, space: 'ipv6' }, ...parts), 1));
      });
      const shape = { swappable: true, expiring: true };
      const shapes = new Map(Array.from({ length: 7 }, (_, index) => [`t${index}`, shape]));
      for (const hook of hooks) {
        const program = hook.generate(graphAsking(or(first as Predicate, ...others)), shapes);
        loadProgram(kernel, program).close();
      }
    }).timeout(60_000);

    function change(
      program: Program,
      loaded: LoadedProgram,
      action: (contents: number, layout: NonNullable<Program['tables']>[number]['layout'], name: string) => void,
    ): void {
      for (const { table, map, layout } of program.tables ?? []) {
        action((loaded.innerMaps.get(map) ?? loaded.maps.get(map)) as number, layout, table.name);
      }
    }

    function expectListed(program: Program, loaded: LoadedProgram, expected: Contents, now: bigint): void {
      change(program, loaded, (contents, layout, name) => {
        const listed = tablesOf(new Map([[name, liveElements(listElements(kernel, contents, layout), now)]]));
        const written = meaningOf(expected, now);
        const reference = { name, space: layout.space };
        for (let i = 0; i < 300; i++) {
          const key = { ipv4: [i << 23], ipv6: [0, 0, 0, i], port: [i], mac: [0x00010000 + i, 1] }[layout.space];
          const unsigned = key.map((part) => part >>> 0);
          expect(listed(reference, unsigned)).to.equal(written(reference, unsigned));
        }
      });
    }

    function swapAll(program: Program, loaded: LoadedProgram, before: Contents, replacement: Contents): Contents {
      const after = new Map(before);
      for (const { table, map, layout } of program.tables ?? []) {
        if (!layout.swappable) continue;
        const elements = replacement.get(table.name) ?? [];
        const contents = createContents(kernel, map, layout, elements);
        swapContents(kernel, loaded.maps.get(map) as number, contents);
        kernel.close(contents);
        after.set(table.name, elements);
      }
      return after;
    }
  });
});
