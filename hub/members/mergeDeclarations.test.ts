import { describe, expect, test } from '@jest/globals';
import { type Declaration, isMemberId, type SourceRead } from './declaration.js';
import { mergeDeclarations } from './mergeDeclarations.js';

const declaration = (id: string, origin: string): Declaration => ({
  id,
  origin,
  content: { ok: true, value: origin },
  place: { kind: 'file', path: origin },
  terms: {},
  termsPlace: origin,
});
const read = (complete: boolean, ...declarations: Declaration[]): SourceRead => ({ complete, declarations, problems: [] });

describe('mergeDeclarations', () => {
  const east = declaration('east', 'file /m/east.yaml');
  const west = declaration('west', 'file /m/west.yaml');

  test('sorts by id', () => {
    expect(mergeDeclarations([read(true, west), read(true, east)])).toEqual({
      complete: true,
      declarations: [east, west],
      leftOut: [],
      partial: false,
      problems: [],
    });
  });

  test('of two that declare one id the origin decides, whichever was read first', () => {
    const other = declaration('east', 'secret kilofed/east');
    for (const reads of [
      [read(true, east), read(true, other)],
      [read(true, other), read(true, east)],
    ]) {
      const merged = mergeDeclarations(reads);
      expect(merged.declarations).toEqual([east]);
      expect(merged.problems).toEqual([
        expect.objectContaining({ cluster: 'east', message: expect.stringMatching(/^secret kilofed\/east declares/), reason: 'Duplicate' }),
      ]);
    }
  });

  const secret = (id: string, name: string, created: string): Declaration => ({
    ...declaration(id, `secret kilofed/${name}`),
    place: { kind: 'secret', namespace: 'kilofed', name, uid: 'u', resourceVersion: '1', created },
  });

  test('M2: of two Secrets the older one counts, whatever they are called; a file before both', () => {
    const [old, young] = [secret('east', 'z', '2026-01-01T00:00:00Z'), secret('east', 'a', '2026-02-01T00:00:00Z')];
    expect(mergeDeclarations([read(true, young, old)]).declarations).toEqual([old]);
    expect(mergeDeclarations([read(true, young, old), read(true, east)]).declarations).toEqual([east]);
  });

  test('M2: of too many those that run stay, then the oldest; the others are named', () => {
    const all = ['e', 'd', 'c', 'b', 'a'].map((id, index) => secret(id, id, `2026-01-0${index + 1}T00:00:00Z`));
    const { declarations, leftOut, problems } = mergeDeclarations([read(true, ...all)], new Set(['a']), 3);
    expect([declarations.map(({ id }) => id), leftOut]).toEqual([
      ['a', 'd', 'e'],
      ['b', 'c'],
    ]);
    expect(problems).toEqual([expect.objectContaining({ reason: 'TooManyMembers', message: expect.stringContaining('left out: b, c') })]);
  });

  test('is complete when every source is', () => {
    expect(mergeDeclarations([read(true), read(false)]).complete).toBe(false);
    expect(mergeDeclarations([]).complete).toBe(true);
  });
});

test.each([
  ['east', true],
  ['e', true],
  ['eu-1', true],
  ['1a', true],
  ['a'.repeat(63), true],
  ['', false],
  ['East', false],
  ['-a', false],
  ['a-', false],
  ['a.b', false],
  ['a_b', false],
  ['a'.repeat(64), false],
])('isMemberId(%j) is %s', (id, expected) => {
  expect(isMemberId(id)).toBe(expected);
});
