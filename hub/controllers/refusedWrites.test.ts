import { expect, test } from '@jest/globals';
import { createRefusedWrites } from './refusedWrites.js';

test('of those that are refused alike one tries again, and when it is not refused any more the others follow', () => {
  const refused = createRefusedWrites();
  expect(refused.ended('service/demo/a', 'quota')).toEqual({ againMs: 800, follow: [] });
  expect(refused.ended('service/demo/b', 'quota')).toEqual({ follow: [] });
  expect(refused.ended('service/demo/c', 'quota')).toEqual({ follow: [] });
  expect(refused.ended('service/shop/d', 'rights')).toEqual({ againMs: 800, follow: [] });
  expect(refused.ended('service/demo/a', 'quota')).toEqual({ againMs: 800, follow: [] });
  expect(refused.ended('service/demo/b', undefined)).toEqual({ follow: [] });
  expect(refused.ended('service/demo/a', undefined)).toEqual({ follow: ['service/demo/c'] });
  expect(refused.ended('service/demo/c', undefined)).toEqual({ follow: [] });
});

test('one that is refused in another way now leaves the lead to the others, which find out for themselves', () => {
  const refused = createRefusedWrites();
  refused.ended('a', 'quota');
  refused.ended('b', 'quota');
  expect(refused.ended('a', 'rights')).toEqual({ againMs: 800, follow: ['b'] });
  expect(refused.ended('b', 'quota')).toEqual({ againMs: 800, follow: [] });
});

test('where much is refused in many ways, no more than twenty try in a second', () => {
  const refused = createRefusedWrites();
  for (let n = 0; n < 1_000; n += 1) refused.ended(`service/ns-${n}/web`, `quota ns-${n}`);
  expect(refused.ended('service/ns-7/web', 'quota ns-7').againMs).toBe(50_000);
});
