import { describe, expect, test } from '@jest/globals';
import { includesAll } from './includesAll.js';

describe('includesAll', () => {
  test.each([
    ['equal', { a: 1 }, { a: 1 }, true],
    ['more keys than wanted', { a: 1, b: 2 }, { a: 1 }, true],
    ['a wanted key is absent', { b: 2 }, { a: 1 }, false],
    ['a value was edited', { a: 2 }, { a: 1 }, false],
    ['nested', { a: { b: { c: 1, d: 2 } } }, { a: { b: { c: 1 } } }, true],
    ['nested, edited', { a: { b: { c: 3, d: 2 } } }, { a: { b: { c: 1 } } }, false],
    ['list items may have defaults', { p: [{ port: 80, protocol: 'TCP' }] }, { p: [{ port: 80 }] }, true],
    ['somebody added an item', { p: [1, 2] }, { p: [1] }, false],
    ['somebody removed an item', { p: [] }, { p: [1] }, false],
    ['order counts', { p: [2, 1] }, { p: [1, 2] }, false],
    ['empty list stored as null', { endpoints: null }, { endpoints: [] }, true],
    ['empty list, stored one is not', { endpoints: [1] }, { endpoints: [] }, false],
    ['empty text stored as absent', { ports: [{ port: 1 }] }, { ports: [{ port: 1, name: '' }] }, true],
    ['false stored as absent', { spec: {} }, { spec: { publishNotReadyAddresses: false } }, true],
    ['an absent ready means true', { conditions: {} }, { conditions: { ready: false } }, false],
    ['undefined wants nothing', { a: 1 }, { a: 1, b: undefined }, true],
    ['an empty map wants nothing', { labels: { x: 'y' } }, { labels: {} }, true],
    ['nothing there', undefined, { a: 1 }, false],
  ])('%s', (_name, observed, desired, expected) => {
    expect(includesAll(observed, desired)).toBe(expected);
  });
});
