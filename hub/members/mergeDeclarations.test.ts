import { describe, expect, test } from '@jest/globals';
import { type Declaration, isMemberId, type SourceRead } from './declaration.js';
import { mergeDeclarations } from './mergeDeclarations.js';

const declaration = (id: string, origin: string): Declaration => ({ id, origin, content: { ok: true, kubeconfig: origin } });
const read = (complete: boolean, ...declarations: Declaration[]): SourceRead => ({ complete, declarations, problems: [] });

describe('mergeDeclarations', () => {
  const east = declaration('east', 'file /m/east.yaml');
  const west = declaration('west', 'file /m/west.yaml');

  test('sorts by id', () => {
    expect(mergeDeclarations([read(true, west), read(true, east)])).toEqual({ complete: true, declarations: [east, west], problems: [] });
  });

  test('of two that declare one id the origin decides, whichever was read first', () => {
    const other = declaration('east', 'secret kilofed/east');
    for (const reads of [[read(true, east), read(true, other)], [read(true, other), read(true, east)]]) {
      const merged = mergeDeclarations(reads);
      expect(merged.declarations).toEqual([east]);
      expect(merged.problems).toEqual([expect.objectContaining({ cluster: 'east', origin: 'secret kilofed/east', reason: 'Duplicate' })]);
    }
  });

  test('is complete when every source is', () => {
    expect(mergeDeclarations([read(true), read(false)]).complete).toBe(false);
    expect(mergeDeclarations([]).complete).toBe(true);
  });
});

test.each([
  ['east', true], ['e', true], ['eu-1', true], ['1a', true], ['a'.repeat(63), true],
  ['', false], ['East', false], ['-a', false], ['a-', false], ['a.b', false], ['a_b', false], ['a'.repeat(64), false],
])('isMemberId(%j) is %s', (id, expected) => {
  expect(isMemberId(id)).toBe(expected);
});
