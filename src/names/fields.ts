/** The lines of a name file as fields between blanks; comments (`#` to the end of the line) and empty lines are gone. */
export function fieldsOf(text: string): readonly (readonly string[])[] {
  return text
    .split('\n')
    .map((line) => line.replace(/#.*$/s, '').trim())
    .filter((line) => line !== '')
    .map((line) => line.split(/\s+/));
}
