'use strict';
const { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { basename, dirname, join } = require('node:path');
const { Script } = require('node:vm');

/**
 * As `require`, with the code that V8 compiled in an earlier run, which it checks (its own version and flags, the length
 * of the source). Without one, what this run compiles is kept when it ends. The directory belongs beside the program: who
 * may not write there goes without, and nobody else can put code there. Node's own compile cache (22.8) is slower.
 */
exports.loadCached = function loadCached(path, directory) {
  // V8 knows another text of the same length by nothing: the time tells.
  const kept = join(directory, `${basename(path)}-${process.version}-${process.arch}-${statSync(path).mtimeMs}`);
  const source = `(function (exports, require, module, __filename, __dirname) {${readFileSync(path, 'latin1')}\n})`;
  const cachedData = readKept(kept);
  const script = new Script(source, cachedData === undefined ? { filename: path } : { filename: path, cachedData });
  if (cachedData === undefined || script.cachedDataRejected) process.once('exit', () => keep(script, kept));
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(path), module, path, dirname(path));
  return module.exports;
};

function readKept(path) {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

function keep(script, path) {
  try {
    mkdirSync(dirname(path), { recursive: true });
    // Whole or not at all, for another process may read it now.
    writeFileSync(`${path}.${process.pid}`, script.createCachedData());
    renameSync(`${path}.${process.pid}`, path);
  } catch {
    // A program that others installed: it starts a little slower.
  }
}
