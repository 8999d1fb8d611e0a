/** "Did you mean": the known word that is nearest to a misspelt one. */

/**
 * @returns one line of help, or undefined where nothing is near. Texts longer than any word are not compared, so
 * that hostile input costs nothing.
 */
export function didYouMean(written: string, known: readonly string[]): string | undefined {
  if (written.length > 32) return undefined;
  const lower = written.toLowerCase();
  const allowed = lower.length < 4 ? 1 : 2;
  let nearest: string | undefined;
  let nearestDistance = allowed + 1;
  for (const word of known) {
    if (Math.abs(word.length - lower.length) >= nearestDistance || word.length < 3) continue;
    const distance = editDistance(lower, word);
    if (distance < nearestDistance) [nearest, nearestDistance] = [word, distance];
  }
  return nearest === undefined ? undefined : `did you mean ${nearest}?`;
}

/** Insertions, deletions, replacements and swaps of neighbours that make one text the other (optimal alignment). */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min(replaced, (previous[j] as number) + 1, (current[j - 1] as number) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (beforePrevious[j - 2] as number) + 1);
      }
      current.push(best);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[b.length] as number;
}
