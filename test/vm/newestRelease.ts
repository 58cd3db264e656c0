/**
 * The newest of several kernel releases of one form: numbers in them are compared as numbers.
 */

/** Undefined: none has that form. */
export function newestRelease(releases: readonly string[], form: RegExp): string | undefined {
  return releases
    .filter((release) => form.test(release))
    .toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .at(-1);
}
