import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { SliceRecord } from '../../core/services/model.js';
import { createSliceRoom } from './sliceRoom.js';

const MIB = 1 << 20;
/** An endpoint of some 60 characters. */
const slice = (name: string, endpoints: number): SliceRecord => ({
  cluster: 'east',
  namespace: 'demo',
  name,
  uid: `uid-${name}`,
  service: 'web',
  addressType: 'IPv4',
  ports: [],
  endpoints: Array.from({ length: endpoints }, (_, n) => ({ addresses: [`10.1.${n >> 8}.${n & 255}`], hostname: 'h'.repeat(20) })),
});
const sizeOf = (record: SliceRecord | undefined): number => (record === undefined ? 0 : JSON.stringify(record).length);

test('of what there is no room for, as many endpoints are kept as there is; what stands keeps its room, and what leaves frees it', () => {
  const room = createSliceRoom(MIB);
  const [first, second] = [slice('first', 10_000), slice('second', 10_000)];
  expect(room.take('demo/first', first)).toBe(first);
  expect(room.problems()).toEqual([]);
  const kept = room.take('demo/second', second);
  expect(kept?.endpoints.length).toBeGreaterThan(1_000);
  expect(sizeOf(first) + sizeOf(kept)).toBeLessThanOrEqual(MIB);
  expect(room.problems()).toEqual([
    {
      subject: { kind: 'member' },
      reason: 'TooManyEndpoints',
      message: expect.stringMatching(/more than 1 MiB.*written again: demo\/second$/),
    },
  ]);
  // As many as before, and others.
  const turned = { ...first, endpoints: first.endpoints.toReversed() };
  expect(room.take('demo/first', turned)).toBe(turned);
  expect(room.take('demo/first', slice('first', 12_000))?.endpoints.length).toBeLessThan(10_100);
  expect(room.take('demo/third', { ...slice('third', 1), service: 'other' })).toBeUndefined();
  expect([room.leaveAll('demo/other', []), room.leaveAll('demo/other', [])]).toEqual([false, true]);
  room.leave('demo/first');
  expect(room.take('demo/second', second)).toBe(second);
  expect(room.problems()).toEqual([]);
});

test('however many there are, in whatever order they come and go, no more is kept', () => {
  const event = fc.record({ name: fc.integer({ min: 0, max: 30 }), endpoints: fc.option(fc.integer({ min: 0, max: 40 })) });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 200 }), (events) => {
      const most = 8_000;
      const room = createSliceRoom(most);
      const kept = new Map<string, number>();
      for (const { name, endpoints } of events) {
        const key = `demo/${name}`;
        if (endpoints === null) room.leave(key);
        kept.set(key, endpoints === null ? 0 : sizeOf(room.take(key, slice(String(name), endpoints))));
        expect([...kept.values()].reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(most);
      }
      for (const key of kept.keys()) room.leave(key);
      const whole = slice('last', 50);
      expect([room.take('demo/last', whole), room.problems()]).toEqual([whole, []]);
    }),
  );
});
