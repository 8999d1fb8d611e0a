import { readFileSync } from 'node:fs';

/** Of the package that this file is part of, bundled (dist/cli) or not (dist/src/cli). */
export const version: string = readVersion(['../../package.json', '../../../package.json']);

function readVersion(candidates: readonly string[]): string {
  for (const candidate of candidates) {
    try {
      const manifest = JSON.parse(readFileSync(new URL(candidate, import.meta.url), 'utf8')) as Record<string, unknown>;
      if (manifest['name'] === 'pktf') return String(manifest['version']);
    } catch {
      // The other layout.
    }
  }
  return 'unknown';
}
