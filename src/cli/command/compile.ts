import { Command, Option } from 'commander';
import type { CompiledProgram } from '../compiled-program.ts';
import { filterSource } from '../filter-source.ts';
import { SystemError } from '../../kernel/system-error.ts';
import { InputError } from '../input-error.ts';
import {
  countFlag,
  linkTypeFlag,
  withExamples,
  withFilter,
  withJson,
  withLinkType,
  type CommonFlags,
  type FilterFlags,
} from '../options.ts';
import { openOutput, type Output } from '../output.ts';
import { setsOfFlags, withSets, type SetFlags } from '../sets.ts';
import { warnAbout } from '../report-error.ts';

interface Flags extends CommonFlags, FilterFlags, SetFlags {
  readonly target: 'cbpf' | 'socket' | 'xdp' | 'tc';
  readonly d: number;
  readonly s?: string;
  readonly emit?: 'ir' | 'asm' | 'elf' | 'native' | 'json';
  readonly action: 'count' | 'drop' | 'pass';
  readonly counters: boolean;
  readonly relaxed?: true;
  readonly o?: string;
  readonly stats?: true;
}

export function compileCommand(): Command {
  const command = new Command('compile')
    .description('Compile a filter and print the program.')
    .argument('[filter...]', 'the filter, in tcpdump’s language')
    .addOption(
      new Option('--target <target>', 'for capture files, packet sockets, XDP or TC')
        .choices(['cbpf', 'socket', 'xdp', 'tc'])
        .default('cbpf'),
    )
    .addOption(
      new Option('-d', 'as tcpdump -d: a listing (-dd: a C fragment, -ddd: decimal numbers)')
        .argParser((_, level: number) => level + 1)
        .default(0, '0'),
    )
    .addOption(new Option('-s <snaplen>', 'what a match returns in classic programs (default 262144)'))
    .addOption(
      new Option(
        '--emit <form>',
        'the graph, assembler text, an object file (with -o), the code of the kernel’s JIT compiler, or JSON',
      ).choices(['ir', 'asm', 'elf', 'native', 'json']),
    )
    .addOption(
      new Option('--action <action>', 'what becomes of a match, for XDP and TC')
        .choices(['count', 'drop', 'pass'])
        .default('count'),
    )
    .option('--no-counters', 'leave out the counters, for XDP and TC')
    .option('--relaxed', 'loads that fail may be left out or moved, as libpcap’s optimiser does')
    .option('-o <file>', 'write to a file instead of standard output')
    .option('--stats', 'add sizes');
  withJson(withLinkType(withSets(withFilter(command))));
  withExamples(command, [
    "pktf compile -d 'tcp port 22'",
    "pktf compile --target socket -ddd 'tcp port 22'",
    "pktf compile --target xdp --action drop 'src net 192.0.2.0/24'",
    "pktf compile --target xdp --action drop --emit elf -o ssh.o 'tcp port 22'",
    "pktf compile --emit ir 'udp port 53'",
  ]);
  return command.action((words: string[], flags: Flags) => compile(words, flags));
}

async function compile(words: readonly string[], flags: Flags): Promise<void> {
  const output = openOutput(flags.json === true || flags.emit === 'json');
  const { compileForTarget } = await import('../compiled-program.ts');
  const classic = flags.target === 'cbpf' || flags.target === 'socket';
  if (flags.d > 0 && !classic)
    throw new InputError('-d, -dd and -ddd print classic BPF', 'add --target cbpf or socket');
  if (classic && (flags.emit === 'elf' || flags.emit === 'native'))
    throw new InputError(`--emit ${flags.emit} is for eBPF`, 'add --target xdp or tc');
  if (flags.emit === 'elf' && flags.o === undefined)
    throw new InputError('an object file is no text for a terminal', 'add -o FILE (or -o /dev/stdout)');
  const acceptLength = countFlag('-s', flags.s, 0) || 262144;
  const program = compileForTarget(filterSource(words, flags.F), {
    target: flags.target,
    linkType: linkTypeFlag(flags.y) ?? 'EN10MB',
    optimize: flags.O !== true,
    relaxed: flags.relaxed === true,
    action: flags.action,
    counters: flags.counters,
    acceptLength,
    neverMatching: flags.refuseNever === true ? 'refuse' : 'warn',
    sets: await setsOfFlags(flags),
  });
  await warnAbout(program.warnings);
  const result = await resultOf(program, flags);
  if (flags.o !== undefined) await writeResult(flags.o, result, output);
  else if (typeof result === 'string') output.text(result);
  if (flags.stats === true) for (const line of program.statistics) output.note(line);
  output.document(program.document);
}

async function resultOf(program: CompiledProgram, flags: Flags): Promise<string | Uint8Array> {
  if (flags.emit === 'ir') return program.ir();
  if (flags.emit === 'asm') return program.assembler();
  if (flags.emit === 'elf' && program.hook !== undefined) return program.hook.object();
  if (flags.emit === 'native' && program.hook !== undefined) return program.hook.native();
  return program.listing(Math.max(flags.d, 1));
}

async function writeResult(file: string, result: string | Uint8Array, output: Output): Promise<void> {
  const { writeFile } = await import('node:fs/promises');
  try {
    await writeFile(file, result);
  } catch (error) {
    const { errno } = error as NodeJS.ErrnoException;
    throw errno === undefined ? error : new SystemError(`write ${file}`, -errno);
  }
  output.note(`written to ${file}`);
}
