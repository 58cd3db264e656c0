import { expect, test } from '@jest/globals';
import type { SliceRecord } from '../../core/services/model.js';
import { createSourceSlices } from './sourceSlices.js';

const slice = (name: string, service: string, address = '10.1.0.1'): SliceRecord => ({
  cluster: 'east', namespace: 'demo', name, uid: `uid-${name}`, service, addressType: 'IPv4', ports: [], endpoints: [{ addresses: [address] }],
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
  slices.fill('demo/web', [['demo/changed', slice('changed', 'web')], ['demo/deleted', slice('deleted', 'web')], ['demo/quiet', slice('quiet', 'web')]]);
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
