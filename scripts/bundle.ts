// Bundles the command line program into dist/cli, a file for each command: Node's start is quickest with one small file.
import { build, type Plugin } from 'esbuild';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as commands from '../src/cli/commands.ts';

const directory = 'dist/cli';
const source = 'dist/src/cli';
/** The file with all commands, for help and for what is no command. */
const all = 'main';

/** What commander and the system know by a name is made by `<name>Command`. */
const makers = new Map(Object.keys(commands).map((maker) => [maker.replace(/Command$/, ''), maker]));

/** The bundles are made aside, so that the program can be run all the while. */
const fresh = `${directory}-${process.pid}`;

await build({
  entryPoints: Object.fromEntries([all, ...makers.keys()].map((name) => [name, `entry:${name}`])),
  outdir: fresh,
  outExtension: { '.js': '.cjs' },
  plugins: [entries(), withoutChildProcesses()],
  bundle: true,
  minify: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  // For bin/load-cached.js, and `require` is quicker.
  supported: { 'dynamic-import': false },
  // It reads bytes, not characters.
  charset: 'ascii',
  sourcemap: false,
  legalComments: 'none',
  // koffi computes the path of its native part at run time.
  external: ['koffi'],
  // The sources are ES modules and ask for the place of their file, which a CommonJS module knows otherwise.
  define: { 'import.meta.url': '__fileUrl' },
  banner: { js: "const __fileUrl = require('node:url').pathToFileURL(__filename).href;" },
});
await rm(directory, { recursive: true, force: true });
await rename(fresh, directory);

/** Makes the sources of the bundles: `run` with the commands that a bundle has. */
function entries(): Plugin {
  return {
    name: 'entries',
    setup(context) {
      context.onResolve({ filter: /^entry:/ }, ({ path }) => ({
        path: path.slice('entry:'.length),
        namespace: 'entry',
      }));
      context.onLoad({ filter: /.*/, namespace: 'entry' }, ({ path: name }) => ({
        contents: entryOf(makers.get(name)),
        resolveDir: source,
      }));
      // So that a bundle leaves out the commands that it does not name.
      context.onResolve({ filter: /^\.\/command\// }, ({ path, resolveDir }) => {
        return { path: join(resolveDir, path), sideEffects: false };
      });
    },
  };
}

/** commander loads this for commands that are programs of their own, which takes a tenth of the whole start. */
function withoutChildProcesses(): Plugin {
  return {
    name: 'without-child-processes',
    setup(context) {
      context.onResolve({ filter: /^node:child_process$/ }, ({ path, importer }) => {
        return importer.includes('/commander/') ? { path, namespace: 'absent' } : undefined;
      });
      context.onLoad({ filter: /.*/, namespace: 'absent' }, () => ({ contents: 'module.exports = {};' }));
    },
  };
}

function entryOf(maker: string | undefined): string {
  const wanted = maker === undefined ? 'Object.values(commands)' : `[commands.${maker}]`;
  return `
import * as commands from './commands.js';
import { run as runCommands } from './main.js';
export const run = (args) => runCommands(args, ${wanted});
`;
}
