import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

/** The program as a user of the checkout runs it; from dist/test/cli. */
export const pktfPath = fileURLToPath(new URL('../../../bin/pktf', import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Surroundings {
  /** A command that runs the program, `setpriv …` say. */
  readonly under?: readonly string[];
  readonly input?: string | Uint8Array;
  readonly environment?: Readonly<Record<string, string>>;
  readonly directory?: string;
}

/** Runs pktf to its end and expects of it what every run must give: no stack trace, and reasons where it fails. */
export function pktf(...words: readonly string[]): Finished {
  return pktfIn({}, ...words);
}

export function pktfIn(surroundings: Surroundings, ...words: readonly string[]): Finished {
  const [command, ...all] = [...(surroundings.under ?? []), process.execPath, pktfPath, ...words];
  const { status, signal, stdout, stderr, error } = spawnSync(command as string, all, {
    encoding: 'utf8',
    input: surroundings.input ?? '',
    env: { ...process.env, ...surroundings.environment },
    ...(surroundings.directory === undefined ? {} : { cwd: surroundings.directory }),
    maxBuffer: 1 << 28,
    timeout: 15_000,
  });
  if (error !== undefined) throw error;
  if (signal !== null) throw new Error(`pktf ${words.join(' ')} was ended by ${signal}`);
  const finished = { code: status, stdout, stderr };
  expectDecent(finished, words);
  return finished;
}

/** Runs pktf, expects success, and gives its standard output. */
export function pktfPrints(...words: readonly string[]): string {
  const { code, stdout, stderr } = pktf(...words);
  expect(code, `pktf ${words.join(' ')}: ${stderr}`).to.equal(0);
  return stdout;
}

/** Runs pktf with `--json`, expects success, and gives its one document. */
export function pktfJson(...words: readonly string[]): unknown {
  return JSON.parse(pktfPrints(...words, '--json'));
}

/** The same, without keeping others waiting. */
export async function pktfBeside(...words: readonly string[]): Promise<Finished> {
  const child = startPktf(...words);
  child.stdin.end();
  const [code, stdout, stderr] = await Promise.all([
    new Promise<number | null>((resolve) => child.once('close', resolve)),
    text(child.stdout),
    text(child.stderr),
  ]);
  const finished = { code, stdout, stderr };
  expectDecent(finished, words);
  return finished;
}

/** Starts pktf and leaves it running. */
export function startPktf(...words: readonly string[]): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [pktfPath, ...words]);
}

export function expectDecent({ code, stdout, stderr }: Finished, words: readonly string[]): void {
  const command = `pktf ${words.join(' ')}`;
  expect(stderr, `${command}: no stack trace`).not.to.match(/^\s+at .*[:(]\d+/m);
  expect(stdout, `${command}: no stack trace`).not.to.match(/^\s+at .*[:(]\d+/m);
  expect(code, `${command}: ${stderr}`).to.be.oneOf([0, 1, 2, 3]);
  if (code !== 0) expect(stderr, `${command}: says why`).not.to.equal('');
}
