import { expect } from 'chai';
import { compile } from '../../src/compiler/compile.ts';
import { DiagnosticError } from '../../src/compiler/diagnostic.ts';
import { systemNames } from '../../src/names/system-names.ts';

const source = { name: 'filter', text: 'tcp and udp' };
const options = { linkType: 'EN10MB', names: systemNames() } as const;

describe('a filter that no packet can match', () => {
  it('is a warning, and an error for those who want tcpdump’s exit behaviour', () => {
    expect(compile(source, options).diagnostics.map(({ code, severity }) => [code, severity])).to.deep.equal([
      ['never-matches', 'warning'],
    ]);
    try {
      compile(source, { ...options, neverMatching: 'refuse' });
      expect.fail('compiled');
    } catch (error) {
      expect(error).to.be.instanceOf(DiagnosticError);
      const { diagnostics } = error as DiagnosticError;
      expect(diagnostics.map(({ code, severity }) => [code, severity])).to.deep.equal([['never-matches', 'error']]);
    }
  });

  it('compiles as ever where some packet can match', () => {
    const filter = compile({ name: 'filter', text: 'tcp or udp' }, { ...options, neverMatching: 'refuse' });
    expect(filter.diagnostics).to.deep.equal([]);
  });
});
