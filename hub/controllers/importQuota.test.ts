import { expect, test } from '@jest/globals';
import { createImportQuota, type ImportQuota } from './importQuota.js';

/** A quarter of the range is 2, half of it 4. */
const quota = (
  standing: readonly (readonly [string, readonly string[]])[] = [],
  serviceCIDRs: readonly string[] = ['10.96.0.0/29'],
  room: (service: string) => void = () => undefined,
): ImportQuota => createImportQuota({ target: 'west', serviceCIDRs: () => serviceCIDRs, standing: () => standing, room });

test('H8.5: an exporter has a quarter of the range, and takes nothing from another', () => {
  const imports = quota();
  expect(['demo/a', 'demo/b', 'demo/c'].map((service) => imports.admits(service, ['evil']))).toEqual([true, true, false]);
  expect(imports.admits('demo/web', ['east'])).toBe(true);
  expect(imports.admits('demo/c', ['evil', 'east'])).toBe(true);
});

test('H8.5: all of them have half', () => {
  const imports = quota();
  const all = ['a', 'b', 'c', 'd', 'e'].map((id) => imports.admits(`demo/${id}`, [id]));
  expect(all).toEqual([true, true, true, true, false]);
});

test('H8.5: what stands counts and stays, also if it is more', () => {
  const imports = quota([
    ['demo/a', ['evil']],
    ['demo/b', ['evil']],
    ['demo/c', ['evil', 'east']],
  ]);
  expect(imports.admits('demo/c', ['evil'])).toBe(true);
  expect(imports.admits('demo/d', ['evil'])).toBe(false);
  expect(imports.admits('demo/d', ['east'])).toBe(true);
});

test('H8.5: what is gone makes room', () => {
  const imports = quota();
  for (const service of ['demo/a', 'demo/b']) imports.admits(service, ['evil']);
  expect(imports.admits('demo/c', ['evil'])).toBe(false);
  imports.note('demo/a', []);
  expect(imports.admits('demo/c', ['evil'])).toBe(true);
});

test('H8.5: what is refused is one problem of the pair, until it is looked at again', () => {
  const imports = quota();
  for (const service of ['demo/a', 'demo/b', 'demo/d', 'demo/c']) imports.admits(service, ['evil']);
  expect(imports.problems()).toEqual([
    {
      cluster: 'west',
      subject: { kind: 'pair', other: 'evil' },
      reason: 'TooManyImports',
      message: 'its Service range has room for 2 Services of one member, 4 of all, so these of evil are not imported: demo/c, demo/d',
    },
  ]);
  for (const service of ['demo/c', 'demo/d']) imports.release(service);
  expect(imports.problems()).toEqual([]);
});

test.each<[string, readonly string[], number]>([
  ['a range that is not known is taken for a /20', [], 1_024],
  ['of two families the smaller counts', ['10.96.0.0/26', 'fd00:96::/112'], 16],
  ['several ranges add up', ['10.96.0.0/27', '10.97.0.0/27'], 16],
  ['of a large range no more than a member exports', ['10.96.0.0/12'], 5_000],
])('H8.5: %s', (_what, serviceCIDRs, most) => {
  const imports = quota([], serviceCIDRs);
  const admitted = Array.from({ length: most + 1 }, (_, n) => imports.admits(`demo/${n}`, ['evil'])).filter(Boolean);
  expect(admitted).toHaveLength(most);
});

test('what is gone gives its place to the first by name that fits there', () => {
  const told: string[] = [];
  const imports = quota([], ['10.96.0.0/29'], (service) => void told.push(service));
  for (const [service, id] of [
    ['demo/a', 'evil'],
    ['demo/b', 'evil'],
    ['demo/c', 'east'],
    ['demo/d', 'north'],
    ['demo/y', 'evil'],
    ['demo/z', 'east'],
    ['demo/x', 'evil'],
  ] as const)
    imports.admits(service, [id]);
  // Of all that are refused, only what does not come from evil fits: evil has its quarter.
  imports.note('demo/d', []);
  expect(told).toEqual(['demo/z']);
  expect(imports.admits('demo/z', ['east'])).toBe(true);
  imports.note('demo/a', []);
  expect(told).toEqual(['demo/z', 'demo/x']);
  imports.note('demo/z', ['east']);
  expect(told).toHaveLength(2);
});
