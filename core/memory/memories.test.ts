import { describe, expect, test } from '@jest/globals';
import { createByName } from './byName.js';
import { onDemand } from './onDemand.js';
import { createPerObject, perObject } from './perObject.js';

/** Finds a new object each time. */
function counted(): { readonly find: () => { readonly time: number }; times: number } {
  const self = { times: 0, find: () => ({ time: (self.times += 1) }) };
  return self;
}

describe('what was found for an object', () => {
  test('is found once for it, and again for an equal one', () => {
    const one = counted();
    const find = perObject(one.find);
    const [a, b] = [{}, {}];
    expect([find(a), find(a), find(b)]).toEqual([{ time: 1 }, { time: 1 }, { time: 2 }]);
    expect(find(a)).toBe(find(a));
  });

  test('is found again when what else it is made of is another', () => {
    const one = counted();
    const known = createPerObject<object, { readonly time: number }>();
    const object = {};
    const times = [['x'], ['x'], ['y'], ['x', undefined], ['x', undefined]].map((madeOf) => known.get(object, madeOf, one.find).time);
    expect(times).toEqual([1, 1, 2, 3, 3]);
  });
});

describe('what was found for a name', () => {
  test('is kept from round to round, and forgotten after one that did not ask for it', () => {
    const one = counted();
    const byName = createByName<{ readonly time: number }>();
    const rounds: readonly (readonly string[])[] = [['a', 'b'], ['a'], ['a', 'b']];
    expect(
      rounds.map((names) => {
        const get = byName.round();
        return names.map((name) => get(name, [1], one.find).time);
      }),
    ).toEqual([[1, 2], [1], [1, 3]]);
  });

  test('is found again when it is made of something else', () => {
    const one = counted();
    const byName = createByName<{ readonly time: number }>();
    expect([1, 1, 2].map((made) => byName.round()('a', [made], one.find).time)).toEqual([1, 1, 2]);
  });
});

test('what is found on demand is found once, and not before', () => {
  const one = counted();
  const get = onDemand(one.find);
  expect(one.times).toBe(0);
  expect([get(), get(), one.times]).toEqual([{ time: 1 }, { time: 1 }, 1]);
});
