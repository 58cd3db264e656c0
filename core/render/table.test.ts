import { expect, test } from '@jest/globals';
import { renderTable } from './table.js';

test('columns are as wide as their widest cell, and lines end where their text ends', () => {
  expect(
    renderTable(
      ['NAME', 'STATE', 'AGE'],
      [
        ['a', 'ready', '1'],
        ['longer', '', ''],
      ],
    ),
  ).toBe(['NAME    STATE  AGE', 'a       ready  1', 'longer'].join('\n'));
});

test('M8: a cell is part of its line, and does not command the terminal', () => {
  expect(renderTable(['NAME', 'STATE'], [['a\nb  ready', '\x1b[1A\u202e']])).toBe(
    ['NAME             STATE', String.raw`a\u000ab  ready  \u001b[1A\u202e`].join('\n'),
  );
});

test('M8: one long cell does not make every line as long', () => {
  const rows = [['x'.repeat(1_000_000), 'a'], ...Array.from({ length: 1_000 }, (): string[] => ['y', 'b'])];
  expect(renderTable(['NAME', 'STATE'], rows).length).toBeLessThan(400_000);
});
