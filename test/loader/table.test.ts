import { expect } from 'chai';
import type { StoredElement } from '../../src/ebpf/table-entry.ts';
import { tableLayout, type TableLayout } from '../../src/ebpf/table-map.ts';
import { exit, graphOf, type Graph } from '../../src/ir/graph.ts';
import { testing } from '../../src/ir/predicate.ts';
import { equal } from '../../src/ir/test.ts';
import { load as loadValue, lookup } from '../../src/ir/value.ts';
import { match, noMatch } from '../../src/ir/verdict.ts';
import { testRun } from '../../src/kernel/bpf/test-run.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { isSystemError } from '../../src/kernel/system-error.ts';
import { openKernelClock } from '../../src/loader/kernel-clock.ts';
import { load } from '../../src/loader/load.ts';
import {
  addElements,
  createContents,
  deleteElements,
  listElements,
  openContents,
  swapContents,
} from '../../src/loader/table.ts';
import { generateXdp, xdpAction } from '../../src/xdp/program.ts';
import { openDescriptorCount, openRealKernel } from '../support/real-kernel.ts';

function host(number: number): StoredElement {
  const address = Uint8Array.of(10, number >> 16, number >> 8, number);
  return { element: { kind: 'network', address, prefixLength: 32 }, number: 1 };
}

const hosts = (count: number): readonly StoredElement[] => Array.from({ length: count }, (_, index) => host(index));

/** Drops what is in the set. */
const graph: Graph = {
  linkType: 'EN10MB',
  entry: graphOf(
    testing(equal(lookup({ name: 'set', space: 'ipv4' }, loadValue(26, 4)), 1)),
    exit(match),
    exit(noMatch),
    exit(noMatch),
  ),
};

function frameFrom(number: number): Uint8Array {
  const frame = new Uint8Array(60);
  frame.set([10, number >> 16, number >> 8, number], 26);
  return frame;
}

describe('tables while a program runs', () => {
  let kernel: Kernel;
  let open: number;

  before(async function () {
    kernel = await openRealKernel(this);
  });

  beforeEach(() => {
    open = openDescriptorCount(kernel);
  });

  afterEach(() => {
    expect(openDescriptorCount(kernel), 'descriptors').to.equal(open);
  });

  function withContents(layout: TableLayout, elements: readonly StoredElement[], use: (map: number) => void): void {
    const contents = createContents(kernel, 'set', layout, elements);
    try {
      use(contents);
    } finally {
      kernel.close(contents);
    }
  }

  it('10,000 elements are added, listed and deleted, in tries and in hashes', () => {
    for (const shape of [{}, { hostsOnly: true }, { expiring: true }]) {
      const layout = tableLayout('ipv4', shape);
      withContents(layout, hosts(10_000), (contents) => {
        const names = (list: readonly StoredElement[]): readonly string[] =>
          list.map((each) => JSON.stringify(each)).sort();
        expect(names(listElements(kernel, contents, layout))).to.deep.equal(names(hosts(10_000)));
        deleteElements(
          kernel,
          contents,
          layout,
          [...hosts(9_998), host(70_000)].map(({ element }) => element),
        );
        expect(names(listElements(kernel, contents, layout))).to.deep.equal(names(hosts(10_000).slice(9_998)));
      });
    }
  }).timeout(20_000);

  it('a table that is full says so, and a new one that does not fit is gone', () => {
    const layout = tableLayout('ipv4', { maxEntries: 3 });
    withContents(layout, hosts(3), (contents) => {
      expect(() => addElements(kernel, contents, layout, [host(9)]))
        .to.throw()
        .that.satisfies(isFull);
    });
    expect(() => createContents(kernel, 'set', layout, hosts(4)))
      .to.throw()
      .that.satisfies(isFull);
  });

  it('contents are swapped in one step, for a map of another size, too', () => {
    for (const hostsOnly of [false, true]) {
      const shape = { swappable: true, hostsOnly, maxEntries: 10 };
      const loaded = load(kernel, generateXdp(graph, { tables: new Map([['set', shape]]) }));
      try {
        const [[name, outer] = ['', 0]] = loaded.maps;
        const dropped = (): readonly number[] =>
          [0, 1, 2, 50].filter((number) => {
            return testRun(kernel, loaded.descriptor, { data: frameFrom(number) }).returnValue === xdpAction.XDP_DROP;
          });
        addElements(kernel, loaded.innerMaps.get(name) as number, tableLayout('ipv4', shape), hosts(2));
        expect(dropped()).to.deep.equal([0, 1]);
        const larger = tableLayout('ipv4', { ...shape, maxEntries: 1000 });
        withContents(larger, hosts(100).slice(2), (contents) => swapContents(kernel, outer, contents));
        expect(dropped()).to.deep.equal([2, 50]);
        const current = openContents(kernel, outer) as number;
        expect(listElements(kernel, current, larger)).to.have.length(98);
        kernel.close(current);
      } finally {
        loaded.close();
      }
    }
  });

  it('programs share a table that one of them brought', () => {
    const program = generateXdp(graph, { tables: new Map([['set', { swappable: true }]]) });
    const first = load(kernel, program);
    const second = load(kernel, program, first.maps);
    try {
      const [name = ''] = first.maps.keys();
      addElements(kernel, first.innerMaps.get(name) as number, tableLayout('ipv4', { swappable: true }), hosts(1));
      expect(second.innerMaps.size).to.equal(0);
      expect(testRun(kernel, second.descriptor, { data: frameFrom(0) }).returnValue).to.equal(xdpAction.XDP_DROP);
    } finally {
      second.close();
      expect(testRun(kernel, first.descriptor, { data: frameFrom(0) }).returnValue).to.equal(xdpAction.XDP_DROP);
      first.close();
    }
  });

  it('the clock of programs advances at one of the known rates', async () => {
    const clock = openKernelClock(kernel);
    try {
      const before = clock.now();
      expect(await clock.measureRate()).to.be.oneOf([100, 250, 300, 1000]);
      expect(Number(clock.now() - before)).to.be.within(9, 100_000);
    } finally {
      clock.close();
    }
  });
});

function isFull(error: unknown): boolean {
  return isSystemError(error, 'ENOSPC') || isSystemError(error, 'E2BIG');
}
