import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { withLaboratory } from '../appliance/laboratory.ts';
import { pinsHere } from '../appliance/place.ts';
import { openRealKernel } from '../support/real-kernel.ts';
import { requireOrSkip } from '../support/require.ts';
import { hasTool } from '../cli/tool.ts';
import { consoleCommands } from './console.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Pages, the interface that their examples are about, and how many examples of pktf there are at least. */
const pages = [
  { page: 'docs/operations.md', interface: 'va', examples: 12 },
  { page: 'README.md', interface: 'eth0', examples: 4 },
];

/** What is no command for a namespace: it builds, or is itself a whole run of tests. */
const elsewhere = /^npm |^bin\/pktf --help$/;

describe('what the documentation shows on a console', () => {
  let kernel: Kernel;
  before(async function () {
    kernel = await openRealKernel(this);
    requireOrSkip(this, 'oracle', hasTool('nsenter'), 'there is no nsenter');
  });

  for (const { page, interface: name, examples } of pages) {
    it(`works as it stands, line after line (${page})`, () =>
      withLaboratory(kernel, ({ a }) => {
        if (name !== 'va') {
          a.run('ip', 'link', 'set', 'va', 'down');
          a.run('ip', 'link', 'set', 'va', 'name', name, 'up');
        }
        const commands = consoleCommands(page).filter((command) => !elsewhere.test(command));
        expect(commands.length).to.be.at.least(examples);
        for (const command of commands) {
          const { status, stdout, stderr } = spawnSync('nsenter', [`--net=/run/netns/${a.name}`, 'sh', '-c', command], {
            encoding: 'utf8',
            cwd: root,
            env: { ...process.env, PATH: `${root}bin:${process.env['PATH']}` },
          });
          expect([status, stderr], command).to.deep.equal([0, '']);
          expect(stdout, command).not.to.equal('');
        }
        // Each page leaves things as they were.
        expect(a.inside(() => pinsHere(kernel))).to.deep.equal([]);
      }));
  }
});
