/**
 * Arguments of `ip` and `wg`: most are pairs of a key and a value.
 */

/** The word that follows `key`. */
export const after = (words: readonly string[], key: string): string => words[words.indexOf(key) + 1] ?? '';
/** The same, where `key` may be missing. */
export const maybe = (words: readonly string[], key: string): string | undefined => (words.includes(key) ? after(words, key) : undefined);
