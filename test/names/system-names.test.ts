import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemNames } from '../../src/names/system-names.ts';

describe('names of the system', () => {
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'pktf-names-'));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it('come from the files at the given paths', () => {
    const hosts = join(folder, 'hosts');
    writeFileSync(hosts, '192.0.2.1 gate\n');
    expect(
      systemNames({ hosts })
        .host('gate')
        .map((address) => [...address]),
    ).to.deep.equal([[192, 0, 2, 1]]);
  });

  it('are none where a file is missing or is a folder', () => {
    const names = systemNames({ hosts: join(folder, 'missing'), services: folder });
    expect(names.host('localhost')).to.deep.equal([]);
    expect(names.service('ssh')).to.deep.equal([]);
  });
});
