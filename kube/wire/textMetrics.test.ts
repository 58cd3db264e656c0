import { expect, test } from '@jest/globals';
import { createTextMetrics } from './textMetrics.js';

test('what has not happened yet is 0, and does not appear beside labelled values', () => {
  const metrics = createTextMetrics();
  const failures = metrics.counter('kilofed_failures_total', 'Failures.');
  const up = metrics.gauge('kilofed_up', 'Whether it is up.');
  expect(metrics.render()).toBe(`# HELP kilofed_failures_total Failures.
# TYPE kilofed_failures_total counter
kilofed_failures_total 0
# HELP kilofed_up Whether it is up.
# TYPE kilofed_up gauge
kilofed_up 0
`);
  failures.add(2, { why: 'a "quoted"\nreason', at: 'b\\c' });
  failures.add(1, { at: 'b\\c', why: 'a "quoted"\nreason' });
  up.set(1);
  expect(metrics.render()).toContain('kilofed_failures_total{at="b\\\\c",why="a \\"quoted\\"\\nreason"} 3\n');
  expect(metrics.render()).not.toContain('kilofed_failures_total 0');
  expect(metrics.render()).toContain('kilofed_up 1\n');
  up.clear();
  expect(metrics.render()).not.toContain('kilofed_up 1');
});

test('a histogram counts into every bucket that holds the value', () => {
  const metrics = createTextMetrics();
  const seconds = metrics.histogram('kilofed_seconds', 'Time.', [0.1, 1]);
  for (const value of [0.05, 0.1, 0.5, 5]) seconds.observe(value);
  expect(metrics.render()).toBe(`# HELP kilofed_seconds Time.
# TYPE kilofed_seconds histogram
kilofed_seconds_bucket{le="0.1"} 2
kilofed_seconds_bucket{le="1"} 3
kilofed_seconds_bucket{le="+Inf"} 4
kilofed_seconds_sum 5.65
kilofed_seconds_count 4
`);
});
