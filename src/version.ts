import { readFileSync } from 'node:fs';

/** Of the package that this file is part of: bundled in dist/cli or not in dist/src, the manifest is two folders up. */
export const version: string = (
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { readonly version: string }
).version;
