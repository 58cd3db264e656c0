import { expect, test } from '@jest/globals';
import type { KubeObject } from '../../core/api/resources.js';
import { BOUND } from '../../core/services/bounds.js';
import { createHandClock } from '../../test/host/handClock.js';
import { createMemberRecords } from './memberRecords.js';

test('what a namespace exports is bounded, who was taken stays, and one that changes its mind all the time is paced', async () => {
  const clock = createHandClock();
  let changes = 0;
  const records = createMemberRecords('east', {
    clock,
    changed: () => (changes += 1),
    needSlices: () => undefined,
    allSlicesHeard: () => true,
  });
  const put = (kind: 'service' | 'namespace', key: string, object: object): void => {
    const feed = records.feeds[kind];
    feed.changed(key, feed.project(object as KubeObject), undefined);
  };
  const annotate = (annotations: Readonly<Record<string, string>>): void =>
    put('namespace', 'demo', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'demo', annotations } });
  const service = (name: string, app: string): void =>
    put('service', `demo/${name}`, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace: 'demo', labels: { app } },
      spec: { ports: [{ port: 80 }] },
    });
  const told = (): string[] => records.problems().flatMap(({ reason }) => (reason === 'NoMesh' ? [] : [reason]));
  service('web', 'web');
  annotate({ 'kilofed.io/export-selector': 'app=web' });
  expect([...records.exported()]).toEqual(['demo/web']);
  for (let index = 0; index < BOUND.exportsOfNamespace + 50; index += 1) service(`a${String(index).padStart(4, '0')}`, 'many');
  records.slicesStarted();
  annotate({ 'kilofed.io/export': 'true' });
  await clock.advance(1_000);
  expect([records.exported().size, records.exported().has('demo/web')]).toEqual([BOUND.exportsOfNamespace, true]);
  expect(told()).toEqual(['TooManyServices']);
  changes = 0;
  for (let turn = 0; turn < 100; turn += 1) {
    annotate(turn % 2 === 0 ? {} : { 'kilofed.io/export': 'true' });
    await clock.advance(10);
  }
  expect(changes).toBeLessThan(15 * BOUND.exportsOfNamespace);
  await clock.advance(3_000);
  expect(records.exported().size).toBe(BOUND.exportsOfNamespace);
  annotate({ 'kilofed.io/export': 'false' });
  await clock.advance(7_000);
  expect([records.exported().size, told()]).toEqual([0, []]);
});
