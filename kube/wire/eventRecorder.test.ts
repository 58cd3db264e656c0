import { expect, test } from '@jest/globals';
import { RESOURCE } from '../../core/api/resources.js';
import type { Log } from '../../core/runtime/log.js';
import type { KubeClient, KubeFailure, KubeRequest, KubeResult } from './client.js';
import { createEventRecorder, type RecordedEvent } from './eventRecorder.js';

const EVENT: RecordedEvent = {
  regarding: { resource: RESOURCE.mesh, name: 'default', uid: 'u1' },
  type: 'Warning',
  reason: 'LinkDown',
  action: 'WatchLinks',
  note: 'no tunnel works',
};

function world(failure?: KubeFailure) {
  const requests: KubeRequest[] = [];
  const warnings: string[] = [];
  const time = { now: 0 };
  const client: KubeClient = {
    server: '',
    call: <T>(request: KubeRequest): Promise<KubeResult<T>> => {
      requests.push(request);
      return Promise.resolve(failure === undefined ? { ok: true, value: {} as T } : { ok: false, error: failure });
    },
    stream: () => Promise.reject(new Error('not here')),
    close: () => undefined,
  };
  const log: Log = {
    debug: () => undefined,
    info: () => undefined,
    warn: (message) => void warnings.push(message),
    error: () => undefined,
    with: () => log,
  };
  const recorder = createEventRecorder({
    client,
    clock: { now: () => time.now, wall: () => Date.UTC(2026, 0, 1) },
    log,
    controller: 'kilofed.io/test',
    instance: 'pod-1',
  });
  return { requests, warnings, time, record: (event: RecordedEvent) => recorder.record(event) };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('an Event of an object without a namespace stands in `default`', async () => {
  const { requests, record } = world();
  record(EVENT);
  await settled();
  expect(requests).toEqual([
    {
      method: 'POST',
      path: '/apis/events.k8s.io/v1/namespaces/default/events',
      body: {
        apiVersion: 'events.k8s.io/v1',
        kind: 'Event',
        metadata: { name: expect.stringMatching(/^default\.[0-9a-f]+$/), namespace: 'default' },
        eventTime: '2026-01-01T00:00:00.000000Z',
        reportingController: 'kilofed.io/test',
        reportingInstance: 'pod-1',
        type: 'Warning',
        reason: 'LinkDown',
        action: 'WatchLinks',
        note: 'no tunnel works',
        regarding: { apiVersion: 'kilofed.io/v1alpha1', kind: 'Mesh', name: 'default', uid: 'u1' },
      },
    },
  ]);
});

test('a burst is cut off, and a few are told later', async () => {
  const { requests, time, record } = world();
  for (let index = 0; index < 100; index += 1) {
    record(EVENT);
    await settled();
  }
  expect(requests.length).toBe(25);
  time.now = 15_000;
  for (let index = 0; index < 100; index += 1) record(EVENT);
  expect(requests.length).toBe(28);
});

test('names differ, and a note fits in bytes', async () => {
  const { requests, record } = world();
  record({ ...EVENT, note: 'ü '.repeat(2_000) });
  record(EVENT);
  await settled();
  const bodies = requests.map(({ body }) => body as { readonly note: string; readonly metadata: { readonly name: string } });
  expect(new Set(bodies.map(({ metadata }) => metadata.name)).size).toBe(2);
  expect(Buffer.byteLength(bodies[0]?.note ?? '')).toBeLessThanOrEqual(1_024);
  expect(bodies[0]?.note.endsWith('ü …')).toBe(true);
});

test('a lasting failure is told once', async () => {
  const { warnings, record } = world({ kind: 'forbidden', message: 'no' });
  for (let index = 0; index < 5; index += 1) {
    record(EVENT);
    await settled();
  }
  expect(warnings).toEqual(['An Event cannot be written']);
});
