import { expect, test } from '@jest/globals';
import { type Outcome, summaryText } from './summary.js';

const GOOD: Outcome = { name: 'unit', files: 2, passed: 31, failed: [], skipped: [], seconds: 4.04 };

test('a line for each run, names of what did not pass, and the sums last', () => {
  const parts: Outcome = { name: 'parts', files: 1, passed: 3, failed: ['a b'], skipped: ['c d', 'e'], seconds: 61 };
  expect(summaryText([GOOD, parts]).split('\n')).toEqual([
    'SUITE  FILES  PASSED  FAILED  SKIPPED  SECONDS',
    'unit   2      31      0       0        4.0',
    'parts  1      3       1       2        61.0',
    '',
    'skipped:',
    '  parts: c d',
    '  parts: e',
    '',
    'failed:',
    '  parts: a b',
    '',
    '34 passed, 1 failed, 2 skipped',
    '',
  ]);
});

test('nothing is listed where all passed', () => {
  expect(summaryText([GOOD]).split('\n').slice(2)).toEqual(['', '31 passed, 0 failed, 0 skipped', '']);
});
