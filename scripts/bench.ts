// npm run bench -- <subject> […]: one table per subject.
const subjects: Readonly<Record<string, (words: readonly string[]) => Promise<void>>> = {
  code: async (words) => (await import('./bench-code.ts')).benchCode(words),
  replay: async (words) => (await import('./bench-replay.ts')).benchReplay(words),
};

const [subject = '', ...words] = process.argv.slice(2);
const run = subjects[subject];
if (run === undefined) {
  process.stderr.write(`usage: npm run bench -- ${Object.keys(subjects).join('|')} […]\n`);
  process.exitCode = 2;
} else await run(words);
