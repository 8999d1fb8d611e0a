// Bundles the command line program into dist/cli: fewer files to open is most of Node's start time.
import { build } from 'esbuild';
import { rm } from 'node:fs/promises';

const directory = 'dist/cli';

await rm(directory, { recursive: true, force: true });
await build({
  entryPoints: { main: 'dist/src/cli/main.js' },
  outdir: directory,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: false,
  legalComments: 'none',
  // koffi computes the path of its native part at run time.
  external: ['koffi'],
  // commander and yaml are CommonJS and ask for `require`, which an ES module does not have.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
});
