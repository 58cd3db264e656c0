/**
 * What a benchmark yields: named distributions, summarised once and the same way everywhere.
 */

export interface Figure {
  readonly name: string;
  readonly unit: 'ms' | 'ratio' | 'Mbit/s' | 'packets' | 's' | 'MiB' | '%' | 'switches' | 'connections' | 'rows' | 'writes';
  /** Raw samples, in the order taken; never empty. */
  readonly samples: readonly number[];
  /** What it has to be; absent: it is there to be compared. */
  readonly must?: Must;
}

/** Bounds on a summary, which themselves are allowed. `min` shows that what was to happen did: a fault that does nothing loses nothing. */
export interface Must {
  readonly min?: Bound;
  readonly p50?: Bound;
  readonly p95?: Bound;
  readonly p99?: Bound;
  readonly max?: Bound;
}

interface Bound {
  readonly most?: number;
  readonly least?: number;
}

export interface Summary {
  readonly name: string;
  readonly unit: Figure['unit'];
  readonly n: number;
  readonly min: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
  /** The bounds as text, and whether they hold; absent: there are none. */
  readonly must?: { readonly text: string; readonly holds: boolean };
}

/** A benchmark group: sets up what it needs, measures, tears down. `note` says what happens on stderr. */
export interface BenchGroup {
  readonly name: string;
  readonly about: string;
  /** Rough, for the announcement. */
  readonly seconds: number;
  run(note: (text: string) => void, choice: Choice): Promise<readonly Figure[]>;
}

/** For groups of many rows. */
export interface Choice {
  /** How often each is measured; absent: as often as the group finds right. */
  readonly rounds?: number;
  /** Only rows whose name contains one of these. */
  readonly rows?: readonly string[];
}

/** @throws when there are no samples: a figure without measurements is a defect of the benchmark. */
export function summarise(figure: Figure): Summary {
  if (figure.samples.length === 0) throw new Error(`benchmark ${figure.name} took no samples`);
  const sorted = figure.samples.toSorted((a, b) => a - b);
  const summary = {
    name: figure.name,
    unit: figure.unit,
    n: sorted.length,
    min: round(sorted[0] ?? Number.NaN),
    p50: round(quantile(sorted, 0.5)),
    p95: round(quantile(sorted, 0.95)),
    p99: round(quantile(sorted, 0.99)),
    max: round(sorted.at(-1) ?? Number.NaN),
  };
  return figure.must === undefined ? summary : { ...summary, must: judge(summary, figure.must) };
}

function judge(summary: Omit<Summary, 'must'>, must: Must): { readonly text: string; readonly holds: boolean } {
  const bounds = (['min', 'p50', 'p95', 'p99', 'max'] as const).flatMap((of) => {
    const { most, least } = must[of] ?? {};
    return [
      ...(most === undefined ? [] : [{ text: `${of} <= ${most}`, holds: summary[of] <= most }]),
      ...(least === undefined ? [] : [{ text: `${of} >= ${least}`, holds: summary[of] >= least }]),
    ];
  });
  return { text: bounds.map(({ text }) => text).join(', '), holds: bounds.every(({ holds }) => holds) };
}

/** Which are not what they have to be. A run of benchmarks with any such has failed. */
export function missed(summaries: readonly Summary[]): readonly Summary[] {
  return summaries.filter(({ must }) => must?.holds === false);
}

/** Nearest-rank quantile of sorted samples: always a value that was measured. */
export function quantile(sorted: readonly number[], q: number): number {
  const rank = Math.max(1, Math.ceil(q * sorted.length));
  return sorted[rank - 1] ?? Number.NaN;
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
