import { expect } from 'chai';
import { createMap } from '../../src/kernel/bpf/map.ts';
import { recordingKernel } from '../../src/kernel/recording.ts';
import { isSystemError } from '../../src/kernel/system-error.ts';

const map = { name: 'counts', type: 'array', keySize: 4, valueSize: 8, maxEntries: 1, flags: 0 } as const;

describe('the recording kernel', () => {
  it('keeps calls as data, as they were when they were made', () => {
    const kernel = recordingKernel();
    const bytes = Uint8Array.of(1, 2, 3);
    kernel.send(7, bytes, 0);
    bytes.fill(9);
    expect(kernel.calls).to.deep.equal([{ call: 'send', values: [7, Uint8Array.of(1, 2, 3), 0] }]);
  });

  it('knows which descriptors are open', () => {
    const kernel = recordingKernel();
    const first = createMap(kernel, map);
    const second = kernel.socket(1, 2, 0);
    kernel.close(first);
    expect([...kernel.openDescriptors]).to.deep.equal([second]);
    expect(() => kernel.close(first)).to.throw('bad file descriptor');
  });

  it('lets the n-th call of a name fail', () => {
    const failure = { call: 'bpf(MAP_CREATE)', nth: 2, errno: 1, kernelText: 'not today' };
    const kernel = recordingKernel({ failures: [failure] });
    createMap(kernel, map);
    expect(() => createMap(kernel, map))
      .to.throw('bpf(MAP_CREATE): not today (EPERM)')
      .that.satisfies(isSystemError);
    createMap(kernel, map);
    expect(kernel.count('bpf(MAP_CREATE)')).to.equal(3);
  });

  it('lets the n-th call of any name fail', () => {
    const kernel = recordingKernel({ failures: [{ nth: 2, errno: 24 }] });
    createMap(kernel, map);
    expect(() => kernel.socket(1, 2, 0)).to.throw('EMFILE');
    expect(kernel.openDescriptors.size).to.equal(1);
  });

  it('answers as the script says', () => {
    const kernel = recordingKernel({
      answers: {
        receive: (_descriptor, buffer) => {
          buffer[0] = 42;
          return 1;
        },
        readTextFile: () => 'text',
      },
    });
    const buffer = new Uint8Array(2);
    expect(kernel.receive(3, buffer, 0)).to.equal(1);
    expect(buffer[0]).to.equal(42);
    expect(kernel.readTextFile('/any')).to.equal('text');
  });
});
