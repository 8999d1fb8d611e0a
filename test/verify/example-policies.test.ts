import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { render } from '../../src/compiler/render.ts';
import type { Engine } from '../../src/replay/engine.ts';
import { kernelTcEngine, kernelXdpEngine } from '../../src/replay/engine/kernel-test-run.ts';
import { policyJsonSchema } from '../../src/rules/policy-schema.ts';
import { checkPolicy } from '../../src/verify/check-policy.ts';
import { plainEngines, policyAt, testPolicy } from '../support/policy.ts';
import { openRealKernel } from '../support/real-kernel.ts';

const examples = readdirSync('rules').filter((name) => name.endsWith('.yaml') && !name.endsWith('.rules.yaml'));

describe('verify/example policies', () => {
  for (const name of examples) {
    it(`${name} has nothing to complain of, and makes a program`, () => {
      const { diagnostics, instructions } = checkPolicy(policyAt(`rules/${name}`));
      expect(diagnostics.map(render)).to.deep.equal([]);
      expect(instructions).to.be.above(100);
    });

    for (const engine of plainEngines) {
      it(`${name} passes its tests on the ${engine.name} engine, which reach every rule`, () =>
        expectGood(name, engine));
    }
  }

  describe('in the kernel', () => {
    let engines: readonly Engine[] = [];

    before(async function () {
      const kernel = await openRealKernel(this);
      engines = [kernelXdpEngine(kernel), kernelTcEngine(kernel)];
    });

    for (const name of examples) {
      it(`${name} passes its tests at XDP and TC`, async () => {
        for (const engine of engines) await expectGood(name, engine);
      }).timeout(30_000);
    }
  });

  it('the JSON Schema in rules/ is the one of the code', () => {
    const written: unknown = JSON.parse(readFileSync('rules/policy.schema.json', 'utf8'));
    expect(written, 'node dist/scripts/make-policy-schema.js writes it').to.deep.equal(policyJsonSchema());
  });
});

async function expectGood(name: string, engine: Engine): Promise<void> {
  const { results, unreached } = await testPolicy(`rules/${name}`, engine);
  const failed = results.filter(({ outcome }) => outcome === 'failed');
  expect(failed.map(({ test, message }) => `${test.title}: ${message}`)).to.deep.equal([]);
  // The kernel's test run takes no packets whose IP header is cut off.
  if (results.every(({ outcome }) => outcome === 'passed')) expect(unreached).to.deep.equal([]);
}
