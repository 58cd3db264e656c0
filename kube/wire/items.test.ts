import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { createItemSplitter } from './items.js';

/** The items and what is left of a list that comes in chunks of these sizes, again and again. */
function read(text: string, sizes: readonly number[] = [text.length]): { readonly items: readonly string[]; readonly rest: string } {
  const bytes = Buffer.from(text);
  const splitter = createItemSplitter({ bytes: 0 });
  const items: string[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    items.push(...[...splitter.split(bytes.subarray(at, at + size))].map((item) => item.text));
    at += size;
  }
  return { items, rest: splitter.rest() };
}

describe('the items of a list', () => {
  test.each<[string, string, unknown[], object]>([
    [
      'of a typed resource',
      '{"kind":"L","metadata":{"a":[1]},"items":[{"b":[{}]},{"c":"]"}]}',
      [{ b: [{}] }, { c: ']' }],
      { kind: 'L', metadata: { a: [1] }, items: [] },
    ],
    ['before its kind, as those of custom resources', '{"items":[{"a":1}],"kind":"L"}', [{ a: 1 }], { items: [], kind: 'L' }],
    ['with spaces', '{ "items" : [ {"a": 1} , {"b":2}\n] }', [{ a: 1 }, { b: 2 }], { items: [] }],
    ['that has none', '{"items":[]}', [], { items: [] }],
    ['whose items are null', '{"items":null}', [], { items: null }],
    ['of other things', '{"items":[null,5,"a,b",[1,2]]}', [null, 5, 'a,b', [1, 2]], { items: [] }],
    [
      'with quotes in texts',
      String.raw`{"items":[{"a":"\"items\":["},{"b":"\\"}],"c":"\\\""}`,
      [{ a: '"items":[' }, { b: '\\' }],
      { items: [], c: '\\"' },
    ],
    [
      'whose metadata says items',
      '{"metadata":{"items":[1,2]},"x":"\\"items\\":","items":[3]}',
      [3],
      { metadata: { items: [1, 2] }, x: '"items":', items: [] },
    ],
  ])('%s', (_title, text, items, rest) => {
    for (const sizes of [[text.length], [1], [2, 3]]) {
      const got = read(text, sizes);
      expect(got.items.map((item) => JSON.parse(item) as unknown)).toEqual(items);
      expect(JSON.parse(got.rest)).toEqual(rest);
    }
  });

  test('are what JSON.parse says, whatever they are and wherever chunks end', () => {
    fc.assert(
      fc.property(
        fc.array(fc.jsonValue({ maxDepth: 4 })),
        fc.dictionary(
          fc.string().filter((key) => key !== 'items' && key !== '__proto__'),
          fc.jsonValue({ maxDepth: 3 }),
        ),
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 5 }),
        fc.boolean(),
        (items, more, sizes, first) => {
          const text = JSON.stringify(first ? { items, ...more } : { ...more, items });
          const got = read(text, sizes);
          expect(got.items.map((item) => JSON.parse(item) as unknown)).toEqual(JSON.parse(JSON.stringify(items)));
          expect(JSON.parse(got.rest)).toEqual({ ...(JSON.parse(JSON.stringify(more)) as object), items: [] });
        },
      ),
    );
  });

  test('never throw, whatever bytes come', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('{', '}', '[', ']', ',', '"', '\\', '"items":', 'x')), (parts) => {
        read(parts.join(''), [3]);
      }),
    );
  });
});

describe('bounds', () => {
  const splitter = (text: string): { readonly text: string; readonly whole: boolean }[] => [
    ...createItemSplitter({ bytes: 0 }).split(Buffer.from(text)),
  ];

  test.each([
    ['larger than 2 MiB', `"${'x'.repeat(2 << 20)}"`],
    ['65 deep', `${'['.repeat(65)}${']'.repeat(65)}`],
    ['of more than 100 000 values', `[${'0,'.repeat(100_000)}0]`],
  ])('H8: an item %s is not for the parser; its neighbours are', (_title, item) => {
    const got = splitter(`{"items":[{"a":1},${item},{"b":2}]}`);
    expect(got.map(({ whole }) => whole)).toEqual([true, false, true]);
    expect(got[1]?.text.length).toBeLessThanOrEqual(4096);
  });

  test('H8: many items have no bound together but that of the page', () => {
    expect(splitter(`{"items":[${'[0],'.repeat(200_000)}0]}`)).toHaveLength(200_001);
    const list = createItemSplitter({ bytes: 0 });
    const feed = (): unknown => [...list.split(Buffer.alloc(1 << 20, '[],'))];
    expect([...list.split(Buffer.from('{"items":['))]).toEqual([]);
    for (let size = 1; size < 32; size += 1) feed();
    expect(feed).toThrow('larger than 32 MiB');
  });

  test('H8: what a list says of itself has a bound', () => {
    expect(() => splitter(`{"metadata":"${'x'.repeat(300_000)}"`)).toThrow('too large');
  });
});
