import { updateBatch } from './bpf/map-batch.ts';
import { createLink } from './bpf/link.ts';
import { createMap } from './bpf/map.ts';
import { attachTypes, loadProgram, programFlags } from './bpf/program.ts';
import type { ProgramLoad } from './bpf/program.ts';
import { testRun } from './bpf/test-run.ts';
import { inspectBpffs } from './bpffs.ts';
import { heldCapabilities } from './capabilities.ts';
import type { Capability } from './capabilities.ts';
import type { Kernel } from './kernel.ts';
import { SystemError, isSystemError } from './system-error.ts';

/** Something that this kernel and this user can do, or cannot. */
export interface Feature {
  readonly name: string;
  readonly available: boolean;
  /** What was found, in words. */
  readonly detail: string;
  /** What to do where it is missing. */
  readonly remedy: string | undefined;
}

type Finding = Omit<Feature, 'name'>;

/** What is looked at, in the order it is shown. */
const probes: readonly (readonly [name: string, probe: (kernel: Kernel) => Finding])[] = [
  ['attach', (kernel) => capabilities(kernel, ['CAP_BPF', 'CAP_NET_ADMIN'], 'load and attach programs')],
  ['capture', (kernel) => capabilities(kernel, ['CAP_NET_RAW'], 'open packet sockets')],
  ['netns', (kernel) => capabilities(kernel, ['CAP_SYS_ADMIN'], 'enter network namespaces and find foreign programs')],
  ['perfmon', (kernel) => capabilities(kernel, ['CAP_PERFMON'], 'spare programs the masking of array indexes')],
  ['xdp', (kernel) => loads(kernel, xdpPass)],
  ['xdp-frags', (kernel) => loads(kernel, { ...xdpPass, flags: programFlags.xdpHasFrags }, 'Linux 5.18')],
  ['xdp-link', (kernel) => loads(kernel, { ...xdpPass, flags: programFlags.xdpHasFrags }, 'Linux 5.9; seen by frags')],
  ['tc', (kernel) => loads(kernel, tcPass)],
  ['tcx-link', tcxLinks],
  ['test-run', testRuns],
  ['batch', mapBatches],
  ['btf', kernelTypes],
  ['bpffs', pins],
  ['jit', jitCompiler],
  ['jit-harden', jitHardening],
  ['unprivileged-bpf', unprivilegedBpf],
];

/** Tries what pktf needs; leaves nothing behind. */
export function probeFeatures(kernel: Kernel): readonly Feature[] {
  return probes.map(([name, probe]) => ({ name, ...probe(kernel) }));
}

const available = (detail: string): Finding => ({ available: true, detail, remedy: undefined });
const missing = (detail: string, remedy: string): Finding => ({ available: false, detail, remedy });

function capabilities(kernel: Kernel, wanted: readonly Capability[], purpose: string): Finding {
  const held = heldCapabilities(kernel);
  const lacking = wanted.filter((capability) => !held.has(capability));
  if (lacking.length === 0) return available(`${wanted.join(' and ')}: may ${purpose}`);
  return missing(
    `${lacking.join(' and ')} missing: cannot ${purpose}`,
    `run as root, or with ${lacking.join(' and ')}`,
  );
}

/** `r0 = value; exit`, as `struct bpf_insn`. */
const returnProgram = (value: number) => Uint8Array.of(0xb7, 0, 0, 0, value, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0);
const XDP_PASS = 2;
const TC_ACT_OK = 0;
const xdpPass: ProgramLoad = {
  name: 'pktf_probe',
  type: 'xdp',
  instructions: returnProgram(XDP_PASS),
  license: 'MIT',
  expectedAttachType: attachTypes.xdp,
};
const tcPass: ProgramLoad = {
  name: 'pktf_probe',
  type: 'sched-cls',
  instructions: returnProgram(TC_ACT_OK),
  license: 'MIT',
};

function loads(kernel: Kernel, program: ProgramLoad, since?: string): Finding {
  const sinceWhen = since === undefined ? '' : ` (${since})`;
  return attempted(
    kernel,
    () => [loadProgram(kernel, program)],
    () => available(`the kernel takes such programs${sinceWhen}`),
    `a kernel that has it${sinceWhen}`,
  );
}

function testRuns(kernel: Kernel): Finding {
  return attempted(
    kernel,
    () => [loadProgram(kernel, xdpPass)],
    ([program]) => {
      testRun(kernel, program!, { data: new Uint8Array(64) });
      return available('programs run over captured packets in the kernel');
    },
    'a kernel from Linux 4.12 on',
  );
}

/** An interface that cannot be: a kernel that knows tcx looks for it (ENODEV), another one does not (EINVAL). */
const noInterface = 0x7fffffff;

function tcxLinks(kernel: Kernel): Finding {
  return attempted(
    kernel,
    () => [loadProgram(kernel, tcPass)],
    ([program]) => {
      try {
        createLink(kernel, 'tcx-ingress', { programDescriptor: program!, ifindex: noInterface });
      } catch (error) {
        if (isSystemError(error, 'EINVAL'))
          return missing('the kernel knows no tcx links', 'a kernel from Linux 6.6 on');
        if (!isSystemError(error, 'ENODEV')) throw error;
      }
      return available('TC programs can be held by a link (Linux 6.6)');
    },
    'a kernel from Linux 6.6 on',
  );
}

function mapBatches(kernel: Kernel): Finding {
  return attempted(
    kernel,
    () => [createMap(kernel, { name: 'pktf_probe', type: 'hash', keySize: 4, valueSize: 4, maxEntries: 1, flags: 0 })],
    ([map]) => {
      updateBatch(kernel, map!, { count: 1, keys: new Uint8Array(4), values: new Uint8Array(4) });
      return available('maps are read and written many elements at a time');
    },
    'a kernel from Linux 5.6 on',
  );
}

/** Opens, looks and closes; a refusal is a finding. */
function attempted(
  kernel: Kernel,
  open: () => readonly number[],
  look: (descriptors: readonly number[]) => Finding,
  remedy: string,
): Finding {
  let descriptors: readonly number[] = [];
  try {
    descriptors = open();
    return look(descriptors);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    if (error.code === 'EPERM') return missing(error.message, 'run as root, or with CAP_BPF and CAP_NET_ADMIN');
    return missing(error.message, remedy);
  } finally {
    for (const descriptor of descriptors) kernel.close(descriptor);
  }
}

function kernelTypes(kernel: Kernel): Finding {
  try {
    kernel.inodeOf('/sys/kernel/btf/vmlinux');
    return available('the kernel carries its type information');
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    return missing('no /sys/kernel/btf/vmlinux', 'a kernel built with CONFIG_DEBUG_INFO_BTF');
  }
}

function pins(kernel: Kernel): Finding {
  const bpffs = inspectBpffs(kernel);
  if (bpffs.kind === 'absent') return missing(bpffs.reason, bpffs.remedy);
  if (bpffs.lasting) return available('programs and maps can be pinned');
  return missing(
    'the bpffs belongs to this private mount namespace: pins vanish with it',
    'instead of `ip netns exec NAME pktf …` use `pktf … --netns NAME`',
  );
}

function jitCompiler(kernel: Kernel): Finding {
  const setting = readSetting(kernel, '/proc/sys/net/core/bpf_jit_enable');
  // With CONFIG_BPF_JIT_ALWAYS_ON the file still says 1.
  if (setting === undefined) return missing('it cannot be told', 'look at /proc/sys/net/core/bpf_jit_enable as root');
  if (setting !== '0') return available('programs become native code');
  return missing('programs are interpreted, which is several times slower', 'sysctl net.core.bpf_jit_enable=1');
}

function jitHardening(kernel: Kernel): Finding {
  const setting = readSetting(kernel, '/proc/sys/net/core/bpf_jit_harden');
  if (setting !== '2') return available('native code of privileged programs is not blinded');
  return missing('constants are blinded, which makes programs slower', 'sysctl net.core.bpf_jit_harden=1');
}

function unprivilegedBpf(kernel: Kernel): Finding {
  const setting = readSetting(kernel, '/proc/sys/kernel/unprivileged_bpf_disabled');
  const allowed = setting === '0';
  return available(`users without capabilities ${allowed ? 'may load socket filters by' : 'may not use'} bpf(2)`);
}

/** @returns undefined where the file is not there or not readable (bpf_jit_* want root) */
function readSetting(kernel: Kernel, path: string): string | undefined {
  try {
    return kernel.readTextFile(path).trim();
  } catch (error) {
    if (error instanceof SystemError) return undefined;
    throw error;
  }
}
