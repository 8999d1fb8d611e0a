import { expect } from 'chai';
import { openCapture } from '../../src/capture/open.ts';
import { compareEngines } from '../../src/replay/compare-engines.ts';
import { kernelTcEngine, kernelXdpEngine } from '../../src/replay/engine/kernel-test-run.ts';
import { programOfPolicy, remembering } from '../../src/verify/policy-program.ts';
import { plainEngines, policyAt } from '../support/policy.ts';
import { openRealKernel } from '../support/real-kernel.ts';

const captures = ['mixed', 'snapped', 'raw', 'sll', 'sll2', 'null', 'loop', 'ppp', 'ipv4', 'ipv6'];

async function* opened(): AsyncGenerator<Awaited<ReturnType<typeof openCapture>>> {
  for (const name of captures) {
    const capture = await openCapture(`test/pcaps/${name}.pcap`);
    yield capture;
    capture.close();
  }
}

/** Policies over captures of every link type: one verdict on all engines, cut packets included. */
describe('verify/policies over captures', () => {
  for (const name of ['web-server', 'router-edge', 'dns-server', 'default-drop']) {
    it(`${name}: every engine agrees on every packet`, async function () {
      const kernel = await openRealKernel(this);
      const program = programOfPolicy(remembering((linkType) => policyAt(`rules/${name}.yaml`, linkType).file));
      const engines = [...plainEngines, kernelXdpEngine(kernel), kernelTcEngine(kernel)];
      const { packets, disagreements, examples } = await compareEngines({ sources: opened(), program, engines });
      expect(packets).to.be.above(200);
      expect(examples).to.deep.equal([]);
      expect(disagreements).to.equal(0);
    }).timeout(60_000);
  }
});
