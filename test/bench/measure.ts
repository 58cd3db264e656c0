/**
 * What a benchmark yields: named distributions, summarised once and the same way everywhere.
 */

export interface Figure {
  readonly name: string;
  readonly unit: 'ms' | 'ratio' | 'Mbit/s' | 'packets' | 's' | 'MiB' | '%';
  /** Raw samples, in the order taken; never empty. */
  readonly samples: readonly number[];
}

export interface Summary {
  readonly name: string;
  readonly unit: Figure['unit'];
  readonly n: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** A benchmark group: sets up what it needs, measures, tears down. `note` says what happens on stderr. */
export interface BenchGroup {
  readonly name: string;
  readonly about: string;
  /** Rough, for the announcement. */
  readonly seconds: number;
  run(note: (text: string) => void): Promise<readonly Figure[]>;
}

/** @throws when there are no samples: a figure without measurements is a defect of the benchmark. */
export function summarise(figure: Figure): Summary {
  if (figure.samples.length === 0) throw new Error(`benchmark ${figure.name} took no samples`);
  const sorted = figure.samples.toSorted((a, b) => a - b);
  return {
    name: figure.name,
    unit: figure.unit,
    n: sorted.length,
    p50: round(quantile(sorted, 0.5)),
    p99: round(quantile(sorted, 0.99)),
    max: round(sorted.at(-1) ?? Number.NaN),
  };
}

/** Nearest-rank quantile of sorted samples: always a value that was measured. */
export function quantile(sorted: readonly number[], q: number): number {
  const rank = Math.max(1, Math.ceil(q * sorted.length));
  return sorted[rank - 1] ?? Number.NaN;
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
