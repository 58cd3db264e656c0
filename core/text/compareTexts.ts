/** The order of two texts by UTF-16 code units, the same in every locale, for `toSorted`. */
export function compareTexts(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
