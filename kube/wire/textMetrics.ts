/**
 * Prometheus metrics without a library, for programs that count every megabyte.
 *
 * A counter or gauge exists at 0 from its creation, so that absence is never mistaken for silence.
 */

import { printableLines } from '../../core/text/printable.js';

type Labels = Readonly<Record<string, string>>;

interface Metric {
  add(amount: number, labels?: Labels): void;
  set(value: number, labels?: Labels): void;
  /** Forgets every labelled value, before setting them anew. */
  clear(): void;
}

interface Histogram {
  observe(value: number): void;
}

export interface TextMetrics {
  counter(name: string, help: string): Metric;
  gauge(name: string, help: string): Metric;
  histogram(name: string, help: string, buckets: readonly number[]): Histogram;
  /** The text exposition format, version 0.0.4. */
  render(): string;
}

export function createTextMetrics(): TextMetrics {
  const renderers: (() => string)[] = [];

  function metric(kind: 'counter' | 'gauge', name: string, help: string): Metric {
    const values = new Map<string, number>([['', 0]]);
    renderers.push(() => header(kind, name, help) + [...values].map(([labels, value]) => `${name}${labels} ${value}\n`).join(''));
    const write = (labels: Labels | undefined, update: (old: number) => number): void => {
      const key = renderLabels(labels ?? {});
      if (key !== '' && values.get('') === 0) values.delete('');
      values.set(key, update(values.get(key) ?? 0));
    };
    return {
      add: (amount, labels) => write(labels, (old) => old + amount),
      set: (value, labels) => write(labels, () => value),
      clear: () => values.clear(),
    };
  }

  return {
    counter: (name, help) => metric('counter', name, help),
    gauge: (name, help) => metric('gauge', name, help),
    histogram(name, help, buckets) {
      const counts = buckets.map(() => 0);
      let count = 0;
      let sum = 0;
      renderers.push(() => {
        const bounded = buckets.map((bound, index) => `${name}_bucket{le="${bound}"} ${counts[index]}`);
        const lines = [...bounded, `${name}_bucket{le="+Inf"} ${count}`, `${name}_sum ${sum}`, `${name}_count ${count}`];
        return `${header('histogram', name, help)}${lines.join('\n')}\n`;
      });
      return {
        observe(value) {
          count += 1;
          sum += value;
          buckets.forEach((bound, index) => {
            if (value <= bound) counts[index] = (counts[index] ?? 0) + 1;
          });
        },
      };
    },
    render: () => renderers.map((render) => render()).join(''),
  };
}

function header(kind: string, name: string, help: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${kind}\n`;
}

function renderLabels(labels: Labels): string {
  const pairs = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
  if (pairs.length === 0) return '';
  const escape = (text: string): string => printableLines(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
  return `{${pairs.map(([name, value]) => `${name}="${escape(value)}"`).join(',')}}`;
}
