import { expect } from 'chai';
import { findSshSession, parseConnection } from '../../src/appliance/ssh-session.ts';
import { recordingKernel } from '../../src/kernel/recording.ts';
import { SystemError } from '../../src/kernel/system-error.ts';

interface Process {
  readonly parent: string;
  /** Undefined: it may not be read. */
  readonly environment: string | undefined;
  readonly command?: string;
}

const EACCES = 13;

/** A /proc with these processes. */
function kernelWith(processes: Readonly<Record<string, Process>>) {
  return recordingKernel({
    answers: {
      readTextFile(path) {
        const [, , process, file] = path.split('/');
        const found = processes[process ?? ''];
        if (found === undefined) throw new SystemError(`read ${path}`, 2);
        if (file === 'stat') return `${process} (${found.command ?? 'sh'}) S ${found.parent} 1 1 0 -1`;
        if (found.environment === undefined) throw new SystemError(`read ${path}`, EACCES);
        return found.environment;
      },
    },
  });
}

const session = { peer: { address: '192.0.2.7', port: 50000 }, local: { address: '192.0.2.1', port: 22 } };
const environment = 'A=1\0SSH_CONNECTION=192.0.2.7 50000 192.0.2.1 22\0';

describe('the SSH session that the user types in', () => {
  it('is that of the process', () => {
    expect(findSshSession(kernelWith({ self: { parent: '9', environment } }))).to.deep.equal(session);
  });

  it('is that of the nearest ancestor that tells one', () => {
    const kernel = kernelWith({
      self: { parent: '30', environment: 'SUDO_USER=me\0' },
      '30': { parent: '20', environment: undefined, command: 'sudo) (1 2' },
      '20': { parent: '10', environment },
      '10': { parent: '1', environment: 'SSH_CONNECTION=203.0.113.1 1 203.0.113.2 2\0' },
    });
    expect(findSshSession(kernel)).to.deep.equal(session);
  });

  it('is none where nobody has one', () => {
    const kernel = kernelWith({
      self: { parent: '1', environment: '' },
      '1': { parent: '0', environment: 'X=SSH_CONNECTION=1 2 3 4\0' },
    });
    expect(findSshSession(kernel)).to.equal(undefined);
    expect(findSshSession(kernelWith({}))).to.equal(undefined);
  });

  it('ends with a /proc that leads in a circle', () => {
    expect(findSshSession(kernelWith({ self: { parent: 'self', environment: '' } }))).to.equal(undefined);
  });

  it('is read as sshd writes it', () => {
    expect(parseConnection('fe80::1%eth0 1 fe80::2%eth0 65535')).to.deep.equal({
      peer: { address: 'fe80::1%eth0', port: 1 },
      local: { address: 'fe80::2%eth0', port: 65535 },
    });
    for (const wrong of ['', '1', '10.0.0.1 1 10.0.0.2', 'a 1 b 2 c', 'a 0 b 1', 'a 1 b 65536', 'a x b 1', 'a 1.5 b 1'])
      expect(parseConnection(wrong), wrong).to.equal(undefined);
  });
});
