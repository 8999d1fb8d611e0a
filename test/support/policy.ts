import { systemNames } from '../../src/names/system-names.ts';
import type { Engine } from '../../src/replay/engine.ts';
import { ebpfEngine } from '../../src/replay/engine/ebpf.ts';
import { evaluatorEngine } from '../../src/replay/engine/evaluator.ts';
import { javascriptEngine } from '../../src/replay/engine/javascript.ts';
import { readPolicy, type PolicyReading } from '../../src/rules/read-policy.ts';
import type { LinkType } from '../../src/ir/link-type.ts';
import { createInterfaceNumbers } from '../../src/verify/interface-numbers.ts';
import { readTests } from '../../src/verify/read-tests.ts';
import { runTests, type PolicyReport } from '../../src/verify/run-tests.ts';

/** Engines that every machine has. */
export const plainEngines: readonly Engine[] = [evaluatorEngine, javascriptEngine, ebpfEngine];

const interfaces = createInterfaceNumbers();

/** A policy file for packets of a link type, redirecting to interfaces that need not be there. */
export function policyAt(path: string, linkType: LinkType = 'EN10MB'): PolicyReading {
  return readPolicy(path, { linkType, names: systemNames(), interfaceIndex: (name) => interfaces.numberOf(name) });
}

/** Runs the tests inside a policy. */
export async function testPolicy(path: string, engine: Engine): Promise<PolicyReport> {
  const { file } = policyAt(path);
  return runTests({
    policyFor: (linkType) => policyAt(path, linkType).file,
    tests: readTests(file).tests,
    engine,
    interfaces,
  });
}
