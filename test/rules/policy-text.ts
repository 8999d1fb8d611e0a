import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Diagnostic } from '../../src/compiler/diagnostic.ts';
import type { Names } from '../../src/compiler/names.ts';
import { positionOf, textOf } from '../../src/ir/span.ts';
import { readPolicy, type PolicyReading } from '../../src/rules/read-policy.ts';

/** Names that do not depend on the machine. */
export const testNames: Names = {
  host: () => [],
  service: (name) =>
    name === 'ssh'
      ? [{ port: 22, transport: 'tcp' }]
      : name === 'domain'
        ? [
            { port: 53, transport: 'tcp' },
            { port: 53, transport: 'udp' },
          ]
        : [],
  protocol: () => undefined,
  network: () => undefined,
  ethernet: () => undefined,
};

const interfaces = ['eth0', 'eth1'];

/** Reads a policy from a text, with other files beside it. */
export function readText(text: string, others: Readonly<Record<string, string | Uint8Array>> = {}): PolicyReading {
  const directory = mkdtempSync(join(tmpdir(), 'pktf-policy-'));
  try {
    for (const [name, content] of Object.entries({ ...others, 'policy.yaml': text })) {
      mkdirSync(dirname(join(directory, name)), { recursive: true });
      writeFileSync(join(directory, name), content);
    }
    return readPolicy(join(directory, 'policy.yaml'), {
      names: testNames,
      interfaceIndex: (name) => (interfaces.includes(name) ? interfaces.indexOf(name) + 1 : undefined),
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** `3:10 unknown-key 'ruels'`: where, what, and the marked text. */
export function describeProblem({ code, span }: Diagnostic): string {
  const { line, column } = positionOf(span.source, span.start);
  return `${line}:${column} ${code} '${textOf(span)}'`;
}

export function problemsOf(text: string, others?: Readonly<Record<string, string>>): readonly string[] {
  return readText(text, others).diagnostics.map(describeProblem);
}
