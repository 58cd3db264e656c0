/**
 * Spans of time as people write them: `24h`, `1h30m`, `90s`, `7d`.
 */

const UNITS: readonly (readonly [unit: string, ms: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
];
/** Each unit once at most, the largest first. */
const DURATION = /^(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?$/;

/** Milliseconds. Undefined: it is no span of time, or none at all. */
export function parseDuration(text: string): number | undefined {
  const counts: readonly (string | undefined)[] = (DURATION.exec(text) ?? []).slice(1);
  const ms = UNITS.map(([, size], index) => Number(counts[index] ?? 0) * size).reduce((sum, each) => sum + each, 0);
  return ms > 0 ? ms : undefined;
}

/** In whole seconds, as short as possible: `24h`, `1h30m`, `0s`. What is a whole number of days is told in days from two on. */
export function formatDuration(ms: number): string {
  let left = Math.round(ms / 1_000) * 1_000;
  const parts = (left >= 2 * 86_400_000 ? UNITS : UNITS.slice(1)).flatMap(([unit, size]) => {
    const count = Math.floor(left / size);
    left -= count * size;
    return count === 0 ? [] : [`${count}${unit}`];
  });
  return parts.length === 0 ? '0s' : parts.join('');
}
