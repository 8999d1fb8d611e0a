import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { arch, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Program } from '../ebpf/program.ts';
import { nativeCode } from '../kernel/bpf/info.ts';
import { load } from '../loader/load.ts';
import { InputError } from './input-error.ts';
import { openKernel } from './kernel-session.ts';

/**
 * What this machine's kernel makes of a program: loads it, attached nowhere, and asks for the code of its JIT compiler.
 * Disassembled where there is an `objdump` (binutils), else as hexadecimal bytes.
 * @throws SystemError, ProgramRefused; InputError where the kernel shows no native code
 */
export async function nativeListing(program: Program): Promise<string> {
  const kernel = await openKernel({});
  const loaded = load(kernel, program);
  try {
    const code = nativeCode(kernel, loaded.descriptor);
    if (code.length > 0) return disassembled(code) ?? hexadecimal(code);
  } finally {
    loaded.close();
  }
  throw new InputError(
    'the kernel shows no native code',
    'see that net.core.bpf_jit_enable is 1 and kernel.kptr_restrict is 0 (`sysctl`), and run pktf as root',
  );
}

/** What objdump calls the processors that Node runs on. */
const objdumpMachines: Readonly<Partial<Record<string, string>>> = { x64: 'i386:x86-64', arm64: 'aarch64' };

function disassembled(code: Uint8Array): string | undefined {
  const machine = objdumpMachines[arch()];
  if (machine === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'pktf-native-'));
  try {
    const file = join(folder, 'code');
    writeFileSync(file, code);
    const words = ['-D', '-b', 'binary', '-m', machine, '--no-show-raw-insn', file];
    const { status, stdout } = spawnSync('objdump', words, { encoding: 'utf8', maxBuffer: 1 << 28 });
    // Instructions only: before them stand lines about the file.
    return status === 0 ? stdout.replace(/^[^]*?<\.data>:\n/, '') : undefined;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const bytesPerLine = 16;

function hexadecimal(code: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < code.length; at += bytesPerLine) {
    const bytes = [...code.subarray(at, at + bytesPerLine)].map((byte) => byte.toString(16).padStart(2, '0'));
    lines.push(`${at.toString(16).padStart(6)}:  ${bytes.join(' ')}\n`);
  }
  return lines.join('');
}
