import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const modules = join(root, 'node_modules');

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
}

/**
 * The package that `npm pack` makes, put where `npm install` would put it; what it depends on is linked instead of
 * fetched, and nothing else is there.
 */
describe('the package', () => {
  const directory = mkdtempSync(join(tmpdir(), 'pktf-package-'));
  const installed = join(directory, 'node_modules', 'pktf');
  after(() => rmSync(directory, { recursive: true }));

  before(function () {
    this.timeout(60_000);
    const words = ['pack', '--ignore-scripts', '--json', '--pack-destination', directory];
    const [{ filename }] = JSON.parse(execFileSync('npm', words, { cwd: root, encoding: 'utf8' })) as [
      { filename: string },
    ];
    mkdirSync(installed, { recursive: true });
    execFileSync('tar', ['-xzf', join(directory, filename), '-C', installed, '--strip-components=1']);
    const { dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as Manifest;
    for (const name of [...Object.keys(dependencies), '@koromix'])
      symlinkSync(join(modules, name), join(directory, 'node_modules', name));
  });

  it('runs its command', () => {
    const pktf = (...words: readonly string[]): string =>
      execFileSync(process.execPath, [join(installed, 'bin', 'pktf'), ...words], { cwd: directory, encoding: 'utf8' });
    expect(pktf('compile', '-ddd', 'arp')).to.equal('4\n40 0 0 12\n21 0 1 2054\n6 0 0 262144\n6 0 0 0\n');
    expect(pktf('features')).to.include('jit');
    expect(pktf('--version')).to.match(/^\d/);
  });

  it('is a library with types', function () {
    this.timeout(60_000);
    const consumer = join(directory, 'consumer.ts');
    writeFileSync(
      consumer,
      `import { attachFilter, DiagnosticError, openKernel, readCounterReports, replayFilter, type CounterReport } from 'pktf';
       const summary: { readonly packets: number; readonly matched: number } =
         await replayFilter([${JSON.stringify(join(root, 'test/pcaps/mixed.pcap'))}], 'tcp port 22');
       console.log(summary.packets, summary.matched);
       export async function watch(name: string): Promise<readonly CounterReport[]> {
         const kernel = await openKernel();
         attachFilter(kernel, { interface: name, filter: 'udp', action: 'drop', hook: 'tc' });
         // @ts-expect-error there is no such hook
         attachFilter(kernel, { interface: name, filter: 'udp', hook: 'socket' });
         return readCounterReports(kernel, name);
       }
       export const isOurs = (error: unknown): boolean => error instanceof DiagnosticError;
      `,
    );
    writeFileSync(join(directory, 'package.json'), '{ "type": "module" }');
    const options = ['--strict', '--module', 'nodenext', '--target', 'es2022', '--skipLibCheck', 'false'];
    const types = ['--types', 'node', '--typeRoots', join(modules, '@types')];
    const compiler = join(modules, '.bin', 'tsc');
    try {
      execFileSync(compiler, [...options, ...types, consumer], { cwd: directory, encoding: 'utf8' });
    } catch (error) {
      throw new Error((error as { stdout: string }).stdout, { cause: error });
    }
    const printed = execFileSync(process.execPath, ['consumer.js'], { cwd: directory, encoding: 'utf8' });
    expect(printed).to.equal('30 6\n');
  });
});
