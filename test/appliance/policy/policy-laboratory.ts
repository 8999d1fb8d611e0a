import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyPolicy, type Applied, type ApplyRequest } from '../../../src/appliance/apply.ts';
import { readCounterReports } from '../../../src/appliance/counters.ts';
import { readStatus, type Status } from '../../../src/appliance/status.ts';
import { linkByName } from '../../../src/kernel/netlink/link.ts';
import { enterNetns } from '../../../src/kernel/netns.ts';
import type { Kernel } from '../../../src/kernel/kernel.ts';
import type { Namespace, Namespaces } from '../../support/netns.ts';
import { silence, withLaboratory } from '../laboratory.ts';

/** Two namespaces that two veth pairs join, va–vb and va2–vb2, with policies for `b`; nothing speaks of its own accord. */
export interface PolicyLaboratory extends Namespaces {
  /** The second end in `b`. */
  readonly b2: Namespace;
  /** Writes a file beside the policies. @returns its path */
  file(name: string, text: string): string;
  /** Applies a policy in `b`. */
  apply(path: string, request?: Omit<ApplyRequest, 'path'>, through?: Kernel): Promise<Applied>;
  /** Runs an action in `b` to its end. */
  inB<Result>(action: () => Result | Promise<Result>): Promise<Result>;
  /** What is attached in `b`. */
  status(): readonly Status[];
  /** Packets by the rules' names, of one interface of `b`. */
  counts(interfaceName: string): Readonly<Record<string, number>>;
}

export async function withPolicyLaboratory(
  kernel: Kernel,
  action: (laboratory: PolicyLaboratory) => Promise<void>,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'pktf-policy-'));
  try {
    await withLaboratory(kernel, async (namespaces) => {
      silence(namespaces);
      const { a, b } = namespaces;
      const b2 = secondPair(kernel, namespaces);
      const inB = <Result>(inside: () => Result | Promise<Result>): Promise<Result> => staying(kernel, b, inside);
      await action({
        a,
        b,
        b2,
        inB,
        file(name, text) {
          const path = join(directory, name);
          writeFileSync(path, text);
          return path;
        },
        apply: (path, request = {}, through = kernel) => inB(() => applyPolicy(through, { path, ...request })),
        status: () => b.inside(() => readStatus(kernel)),
        counts(interfaceName) {
          const rules = b.inside(() => readCounterReports(kernel, interfaceName)).flatMap((report) => report.rules);
          return Object.fromEntries(rules.map(({ name, packets }) => [name, Number(packets)]));
        },
      });
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Also over an await: this process does nothing else meanwhile. */
async function staying<Result>(
  kernel: Kernel,
  { name }: Namespace,
  action: () => Result | Promise<Result>,
): Promise<Result> {
  const home = kernel.open('/proc/thread-self/ns/net', 0);
  try {
    enterNetns(kernel, name);
    return await action();
  } finally {
    kernel.enterNamespace(home, 0);
    kernel.close(home);
  }
}

function secondPair(kernel: Kernel, { a, b }: Namespaces): Namespace {
  ip('link', 'add', 'va2', 'netns', a.name, 'type', 'veth', 'peer', 'name', 'vb2', 'netns', b.name);
  const ifindex = b.inside(() => linkByName(kernel, 'vb2'))!.ifindex;
  const b2 = { ...b, interface: 'vb2', ifindex };
  silence({ a: { ...a, interface: 'va2' }, b: b2 });
  for (const [end, name] of [
    [a, 'va2'],
    [b, 'vb2'],
  ] as const) {
    ip('-n', end.name, 'link', 'set', name, 'up');
  }
  return b2;
}

function ip(...words: readonly string[]): void {
  execFileSync('ip', words, { stdio: 'pipe' });
}
