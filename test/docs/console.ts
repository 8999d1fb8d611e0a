import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The commands that a page shows in its `console` blocks, without their prompts (`#` of root, `$` of anybody). */
export function consoleCommands(page: string): readonly string[] {
  const text = readFileSync(fileURLToPath(new URL(`../../../${page}`, import.meta.url)), 'utf8');
  const blocks = [...text.matchAll(/^```console\n(.*?)^```$/gms)].map(([, block]) => block as string);
  return blocks.flatMap((block) => [...block.matchAll(/^[#$] (.*)$/gm)].map(([, command]) => command as string));
}
