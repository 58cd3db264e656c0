import { expect, test } from '@jest/globals';
import type { SliceRecord } from '../../core/services/model.js';
import { createSourceSlices } from './sourceSlices.js';

const slice = (name: string, service: string, address = '10.1.0.1'): SliceRecord => ({
  cluster: 'east',
  namespace: 'demo',
  name,
  uid: `uid-${name}`,
  service,
  addressType: 'IPv4',
  ports: [],
  endpoints: [{ addresses: [address] }],
});
const names = (records: readonly SliceRecord[]): string[] => records.map(({ name }) => name);

test('before the watch begins, what is exported needs no fetch', () => {
  const slices = createSourceSlices();
  expect(slices.follow('demo/web')).toBe(false);
  expect(slices.complete('demo/web')).toBe(true);
  expect(slices.set('demo/a', slice('a', 'web'))).toEqual(['demo/web']);
  expect(slices.set('demo/b', slice('b', 'other'))).toEqual([]);
  expect(names(slices.of('demo/web'))).toEqual(['a']);
});

test('afterwards it does, and events win over what was fetched', () => {
  const slices = createSourceSlices();
  slices.started();
  expect(slices.follow('demo/web')).toBe(true);
  expect(slices.complete('demo/web')).toBe(false);
  slices.set('demo/changed', slice('changed', 'web', '10.1.0.9'));
  slices.set('demo/deleted', undefined);
  slices.fill('demo/web', [
    ['demo/changed', slice('changed', 'web')],
    ['demo/deleted', slice('deleted', 'web')],
    ['demo/quiet', slice('quiet', 'web')],
  ]);
  expect(slices.complete('demo/web')).toBe(true);
  expect(names(slices.of('demo/web'))).toEqual(['changed', 'quiet']);
  expect(slices.of('demo/web')[0]?.endpoints[0]?.addresses).toEqual(['10.1.0.9']);
});

test('an answer that comes after the un-export is dropped', () => {
  const slices = createSourceSlices();
  slices.started();
  slices.follow('demo/web');
  slices.unfollow('demo/web');
  slices.fill('demo/web', [['demo/a', slice('a', 'web')]]);
  expect(slices.of('demo/web')).toEqual([]);
  expect(slices.complete('demo/web')).toBe(false);
});

test('equal is no change; another Service is a change for both', () => {
  const slices = createSourceSlices();
  slices.follow('demo/web');
  slices.follow('demo/shop');
  slices.set('demo/a', slice('a', 'web'));
  expect(slices.set('demo/a', slice('a', 'web'))).toEqual([]);
  expect(slices.set('demo/a', slice('a', 'shop'))).toEqual(['demo/web', 'demo/shop']);
  expect(slices.set('demo/a', undefined)).toEqual(['demo/shop']);
});

test('H8.5: of more slices than a mirror may have, those that came first stay, and the next by name follows', () => {
  const slices = createSourceSlices();
  slices.follow('demo/web');
  for (let n = 100; n < 205; n += 1) slices.set(`demo/s${n}`, slice(`s${n}`, 'web'));
  slices.set('demo/s000', slice('s000', 'web'));
  const kept = names(slices.of('demo/web'));
  expect([kept.length, kept[0], kept.at(-1)]).toEqual([100, 's100', 's199']);
  expect(slices.surplus()).toEqual([
    {
      subject: { kind: 'service', name: 'demo/web' },
      reason: 'TooManyEndpointSlices',
      message:
        'it has more than 100 EndpointSlices, so these are not mirrored: demo/s000, demo/s200, demo/s201, demo/s202, demo/s203 and 1 more',
    },
  ]);
  slices.set('demo/s150', undefined);
  expect(names(slices.of('demo/web')).slice(0, 2)).toEqual(['s000', 's100']);
});

test('H8.5: more events than can be remembered during a fetch: it is made again', () => {
  const slices = createSourceSlices();
  slices.started();
  slices.follow('demo/web');
  for (let n = 0; n < 15_000; n += 1) slices.set(`demo/other-${n}`, slice(`other-${n}`, 'other'));
  slices.set('demo/a', undefined);
  expect(slices.fill('demo/web', [['demo/a', slice('a', 'web')]])).toBe(false);
  expect(slices.complete('demo/web')).toBe(false);
  slices.set('demo/b', undefined);
  expect(
    slices.fill('demo/web', [
      ['demo/b', slice('b', 'web')],
      ['demo/c', slice('c', 'web')],
    ]),
  ).toBe(true);
  expect(names(slices.of('demo/web'))).toEqual(['c']);
});

test('H8.5: of more addresses than a mirror is planned for, the first slices by name are whole', () => {
  const slices = createSourceSlices();
  slices.follow('demo/web');
  const many = (count: number): string[] => Array.from({ length: count }, (_, n) => `10.1.${n >> 8}.${n & 255}`);
  for (const name of ['a', 'b', 'c'])
    slices.set(`demo/${name}`, { ...slice(name, 'web'), endpoints: many(2_000).map((address) => ({ addresses: [address] })) });
  slices.set('demo/d', { ...slice('d', 'web'), endpoints: [{ addresses: many(100), ready: false }] });
  expect(slices.of('demo/web').map(({ endpoints }) => endpoints.length)).toEqual([2_000, 2_000, 1_000, 0]);
  expect(slices.count('demo/web')).toMatchObject({ endpoints: 5_000, ready: 5_000 });
  expect(slices.surplus()).toEqual([
    {
      subject: { kind: 'service', name: 'demo/web' },
      reason: 'TooManyEndpoints',
      message: 'it has more than 5000 addresses of endpoints, so some of these slices are not mirrored: demo/c, demo/d',
    },
  ]);
});

test('the slices of many Services are bounded together by their size', () => {
  const slices = createSourceSlices();
  const large = (service: string, name: string): SliceRecord => ({
    ...slice(name, service),
    endpoints: Array.from({ length: 1_000 }, (_, n) => ({ addresses: [`10.1.${n >> 8}.${n & 255}`], hostname: 'h'.repeat(63) })),
  });
  const services = Array.from({ length: 80 }, (_, n) => `s${n}`);
  for (const service of services) {
    slices.follow(`demo/${service}`);
    for (let n = 0; n < 5; n += 1) slices.set(`demo/${service}-${n}`, large(service, `${service}-${n}`));
  }
  const size = services.reduce((sum, service) => sum + JSON.stringify(slices.of(`demo/${service}`)).length, 0);
  expect([size > 31 << 20, size <= 33 << 20, slices.count('demo/s0').endpoints]).toEqual([true, true, 5_000]);
  expect(slices.surplus()).toEqual([
    expect.objectContaining({
      subject: { kind: 'member' },
      reason: 'TooManyEndpoints',
      message: expect.stringMatching(/written again: demo.*and [0-9]+ more$/),
    }),
  ]);
  // What is not all of it is not remembered as if it were.
  expect([slices.unfollow('demo/s79'), slices.unfollow('demo/s0')?.length]).toEqual([undefined, 5]);
});
