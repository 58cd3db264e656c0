import { expect, test } from '@jest/globals';
import { renderTable } from './table.js';

test('columns are as wide as their widest cell, and lines end where their text ends', () => {
  expect(renderTable(['NAME', 'STATE', 'AGE'], [['a', 'ready', '1'], ['longer', '', '']])).toBe(
    ['NAME    STATE  AGE', 'a       ready  1', 'longer'].join('\n'),
  );
});
