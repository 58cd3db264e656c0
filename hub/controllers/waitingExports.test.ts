import { expect, test } from '@jest/globals';
import type { KubeObject } from '../../core/api/resources.js';
import { BOUND } from '../../core/services/bounds.js';
import type { MemberRecords } from '../records/memberRecords.js';
import { createWaitingExports } from './waitingExports.js';

const names = (count: number): string[] => Array.from({ length: count }, (_, n) => `demo/web${n}`);

/** ServiceExports that wait, of which these say so already. */
function recordsOf(waiting: Set<string>, saying: readonly string[] = []): Pick<MemberRecords, 'exports' | 'waits'> {
  const object = {
    metadata: { name: 'web' },
    status: { conditions: [{ type: 'Ready', reason: 'TooManyServices' }] },
  } as unknown as KubeObject;
  return { waits: (name) => waiting.has(name), exports: () => new Map(saying.map((name) => [name, { own: false, object }])) };
}

test('so many say that they wait, and each goes on saying it', () => {
  const all = names(BOUND.waitingTold + 50);
  const waiting = createWaitingExports(recordsOf(new Set(all)));
  const first = all.filter((name) => waiting.mayTell(name));
  expect(first).toEqual(all.slice(0, BOUND.waitingTold));
  expect(all.filter((name) => waiting.mayTell(name))).toEqual(first);
});

test('one that waits no longer makes room for another', () => {
  const all = names(BOUND.waitingTold + 1);
  const [first = ''] = all;
  const left = new Set(all);
  const waiting = createWaitingExports(recordsOf(left));
  const last = all.filter((name) => !waiting.mayTell(name));
  left.delete(first);
  expect([last.length, waiting.mayTell(last[0] ?? '')]).toEqual([1, true]);
});

test('those that say it already keep their places, in whatever order they are asked for', () => {
  const all = names(BOUND.waitingTold + 50);
  const saying = all.slice(50);
  const waiting = createWaitingExports(recordsOf(new Set(all), saying));
  expect(all.filter((name) => waiting.mayTell(name))).toEqual(saying);
});
