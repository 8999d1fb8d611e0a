import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { mixedFrames } from '../../scripts/pcap-packets.ts';
import { helper } from '../../src/ebpf/helper.ts';
import { anyKernelContext } from '../../src/ebpf/kernel-context.ts';
import { call, callKernel, exitProgram } from '../../src/ebpf/jump.ts';
import { loadMapValue } from '../../src/ebpf/memory.ts';
import { objectFile, ObjectFileError, programSections } from '../../src/ebpf/object-file.ts';
import type { Program } from '../../src/ebpf/program.ts';
import { tableLayout, tableMapSpec } from '../../src/ebpf/table-map.ts';
import { readCounters } from '../../src/appliance/counter-map.ts';
import { openPinned } from '../../src/kernel/bpf/object.ts';
import { mapInfo, nativeCode, programInfo } from '../../src/kernel/bpf/info.ts';
import { openById } from '../../src/kernel/bpf/id.ts';
import { testRun } from '../../src/kernel/bpf/test-run.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { load } from '../../src/loader/load.ts';
import { systemNames } from '../../src/names/system-names.ts';
import { compileFilter, hookProgram, policyOfFilter } from '../../src/pipeline.ts';
import { openRealKernel } from '../support/real-kernel.ts';
import { requireOrSkip } from '../support/require.ts';
import { hasTool } from '../cli/tool.ts';
import { withNamespaces } from '../support/netns.ts';

const filters = ['tcp port 22', 'ip6 or vlan', 'greater 100 and not arp', 'udp[4:2] > 30 or icmp'];

function programOf(text: string, hook: 'xdp' | 'tc'): Program {
  const source = { name: 'filter', text };
  const filter = compileFilter(source, { linkType: 'EN10MB', names: systemNames(), live: true });
  return hookProgram(policyOfFilter(filter, 'drop'), { hook, counters: true, kernelContext: anyKernelContext }).program;
}

/** Runs a command to its end and gives what it printed, which must not be a complaint. */
function run(command: string, ...words: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command, words, { encoding: 'utf8' });
  expect(status, `${command} ${words.join(' ')}: ${stderr}`).to.equal(0);
  return stdout;
}

describe('an object file', () => {
  let kernel: Kernel;
  let folder: string;

  before(async function () {
    kernel = await openRealKernel(this);
    for (const tool of ['bpftool', 'ip', 'tc', 'readelf', 'objdump'])
      requireOrSkip(this, 'oracle', hasTool(tool), `there is no ${tool}`);
    folder = mkdtempSync(join(tmpdir(), 'pktf-object-'));
  });

  after(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  const written = (program: Program): string => {
    const file = join(folder, `${program.name}.o`);
    writeFileSync(file, objectFile(program));
    return file;
  };

  /** Has bpftool load a program, and gives its descriptor. */
  const loadedByBpftool = (program: Program): number => {
    const pin = `/sys/fs/bpf/pktf_object_${process.pid}`;
    run('bpftool', 'prog', 'load', written(program), pin);
    try {
      return openPinned(kernel, pin);
    } finally {
      kernel.unlink(pin);
    }
  };

  for (const hook of ['xdp', 'tc'] as const) {
    for (const filter of filters) {
      it(`of “${filter}” at ${hook} gives, loaded by bpftool, the verdicts of our own loader`, () => {
        const program = programOf(filter, hook);
        const theirs = loadedByBpftool(program);
        const ours = load(kernel, program);
        try {
          const frames = mixedFrames().filter(({ length }) => length >= 54 && length <= 1514);
          const verdicts = (descriptor: number): readonly number[] =>
            frames.map((data) => testRun(kernel, descriptor, { data }).returnValue);
          const expected = verdicts(ours.descriptor);
          expect(new Set(expected).size).to.equal(2);
          expect(verdicts(theirs)).to.deep.equal(expected);
          expect(nativeCode(kernel, theirs).length).to.equal(programInfo(kernel, theirs).nativeSize);
        } finally {
          ours.close();
          kernel.close(theirs);
        }
      });
    }

    it(`shows the filter beside the instructions at ${hook}`, () => {
      const pin = `/sys/fs/bpf/pktf_object_${process.pid}`;
      run('bpftool', 'prog', 'load', written(programOf('tcp port 22', hook)), pin);
      try {
        const dump = run('bpftool', 'prog', 'dump', 'xlated', 'pinned', pin, 'linum');
        expect(dump).to.contain('; tcp port 22 [file:filter line_num:1 line_col:1]');
        expect(dump).to.contain(`int pktf_${hook}(struct `);
      } finally {
        kernel.unlink(pin);
      }
    });
  }

  it('is taken by ip link and by tc', async () => {
    await withNamespaces(kernel, ({ a }) => {
      a.run(
        'ip',
        'link',
        'set',
        'dev',
        a.interface,
        'xdp',
        'obj',
        written(programOf('udp', 'xdp')),
        'sec',
        'xdp.frags',
      );
      expect(a.run('ip', '-d', 'link', 'show', a.interface)).to.contain('name pktf_xdp');
      a.run('ip', 'link', 'set', 'dev', a.interface, 'xdp', 'off');
      a.run('tc', 'qdisc', 'add', 'dev', a.interface, 'clsact');
      const object = ['bpf', 'da', 'obj', written(programOf('udp', 'tc')), 'sec', 'tc'];
      a.run('tc', 'filter', 'add', 'dev', a.interface, 'ingress', ...object);
      expect(a.run('tc', 'filter', 'show', 'dev', a.interface, 'ingress')).to.match(/direct-action .*name pktf_tc/);
      return Promise.resolve();
    });
  });

  it('declares maps of every kind, maps of maps included', () => {
    const tables = [tableLayout('ipv4', { swappable: true }), tableLayout('mac', { expiring: true })];
    const maps = tables.map((layout, index) =>
      tableMapSpec({ table: { name: 'set', space: layout.space }, map: `t${index}_set`, layout }),
    );
    const program = programOf('udp', 'xdp');
    const counted = program.maps;
    const theirs = loadedByBpftool({
      ...program,
      maps: [...counted, ...maps],
      // A map that no instruction names is not kept: two that only name them, and lead on to the program.
      instructions: [
        ...maps.map(({ name }) => ({ kind: 'load-map', destination: 'r2', map: name }) as const),
        ...program.instructions,
      ],
    });
    try {
      const found = programInfo(kernel, theirs).mapIds.map((id) => {
        const map = openById(kernel, 'map', id);
        const { name, type, keySize, valueSize, maxEntries, flags } = mapInfo(kernel, map);
        kernel.close(map);
        return { name, type, keySize, valueSize, maxEntries, flags };
      });
      expect(found).to.have.deep.members([
        { name: 'counters', type: 6, keySize: 4, valueSize: 16, maxEntries: counted[0]?.maxEntries, flags: 0 },
        { name: 't0_set', type: 12, keySize: 4, valueSize: 4, maxEntries: 1, flags: 0 },
        { name: 't1_set', type: 1, keySize: 8, valueSize: 16, maxEntries: 65536, flags: 1 },
      ]);
    } finally {
      kernel.close(theirs);
    }
  });

  it('asks the kernel, where it can, whether there is more than one buffer, and counts the same', function () {
    const program = programOf('tcp port 22', 'xdp');
    const theirs = loadedByBpftool(program);
    const ours = load(kernel, program);
    try {
      const lengths = [60, 1514, 3520, 3521, 9000];
      for (const descriptor of [theirs, ours.descriptor]) {
        for (const length of lengths) testRun(kernel, descriptor, { data: new Uint8Array(length) });
      }
      const [map] = programInfo(kernel, theirs).mapIds as [number];
      const counters = openById(kernel, 'map', map);
      expect(readCounters(kernel, counters)[1]).to.deep.equal({
        packets: BigInt(lengths.length),
        bytes: BigInt(lengths.reduce((sum, length) => sum + length)),
      });
      expect(readCounters(kernel, ours.maps.get('counters') as number)).to.deep.equal(readCounters(kernel, counters));
      kernel.close(counters);
    } finally {
      ours.close();
      kernel.close(theirs);
    }
  });

  it('is sound for readelf and objdump', () => {
    const file = written(programOf('tcp port 22', 'xdp'));
    const { stdout, stderr } = spawnSync('readelf', ['-aW', file], { encoding: 'utf8' });
    expect(stderr).to.equal('');
    expect(stdout).to.match(/R_BPF_\w+64\w* +0{16} counters/);
    expect(stdout).to.match(/FUNC +GLOBAL +DEFAULT +1 pktf_xdp/);
    expect(run('objdump', '-h', file)).to.contain(programSections.xdp);
  });
});

describe('what an object file cannot hold', () => {
  const program = (...instructions: Program['instructions']): Program => {
    return { name: 'p', type: 'xdp', instructions: [...instructions, exitProgram], maps: [], license: 'MIT' };
  };

  it('is the address of an element', () => {
    const { innerMap: _, ...map } = tableMapSpec({
      table: { name: 'set', space: 'port' },
      map: 'ports',
      layout: tableLayout('port'),
    });
    const ports = { ...program(loadMapValue('r0', 'ports')), maps: [map] };
    expect(() => objectFile(ports)).to.throw(ObjectFileError, 'ports');
  });

  it('is a number of one kernel', () => {
    expect(() => objectFile(program(callKernel(5)))).to.throw(ObjectFileError, 'one kernel');
    expect(objectFile(program(call(helper.jiffies64)))).to.be.instanceOf(Uint8Array);
  });
});
