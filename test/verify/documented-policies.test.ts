import { expect } from 'chai';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { render } from '../../src/compiler/render.ts';
import { javascriptEngine } from '../../src/replay/engine/javascript.ts';
import { checkPolicy } from '../../src/verify/check-policy.ts';
import { pktfPrints } from '../cli/pktf.ts';
import { policyAt, testPolicy } from '../support/policy.ts';

/** Policies on the pages of the documentation: they are good, their tests pass, and every rule is reached or counts. */
describe('verify/documented policies', () => {
  for (const page of ['docs/policy.md', 'docs/coming-from.md']) {
    const policies = [...readFileSync(page, 'utf8').matchAll(/```yaml\n(.*?)```/gs)].map(([, text]) => text as string);

    it(`${page} has some`, () => {
      expect(policies.length).to.be.above(3);
    });

    for (const text of policies) {
      it(`${page}: ${text.split('\n')[0]}`, async () => {
        const directory = mkdtempSync(join(tmpdir(), 'pktf-docs-'));
        try {
          const path = join(directory, 'policy.yaml');
          writeFileSync(path, text);
          expect(checkPolicy(policyAt(path)).diagnostics.map(render)).to.deep.equal([]);
          const { results } = await testPolicy(path, javascriptEngine);
          expect(results.length).to.be.above(0);
          expect(results.map(({ outcome, message }) => message ?? outcome)).to.deep.equal(results.map(() => 'passed'));
        } finally {
          rmSync(directory, { recursive: true });
        }
      });
    }
  }

  it('the explanation in docs/policy.md is what is printed', () => {
    const page = readFileSync('docs/policy.md', 'utf8');
    const [, command, printed] = /\$ pktf (explain .*)\n([^`]*)```/.exec(page) as unknown as [string, string, string];
    const words = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? (plain as string));
    expect(pktfPrints(...words)).to.equal(printed);
  }).timeout(10_000);
});
