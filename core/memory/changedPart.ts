/** Where two lists differ: they begin with the same elements before `start`, and end with the same from `endBefore` and `endNow` on. */
export function changedPart(
  before: readonly unknown[],
  now: readonly unknown[],
): { readonly start: number; readonly endBefore: number; readonly endNow: number } {
  let [start, endBefore, endNow] = [0, before.length, now.length];
  while (start < endBefore && start < endNow && before[start] === now[start]) start += 1;
  while (endBefore > start && endNow > start && before[endBefore - 1] === now[endNow - 1]) {
    endBefore -= 1;
    endNow -= 1;
  }
  return { start, endBefore, endNow };
}
