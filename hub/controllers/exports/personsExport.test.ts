import { expect, test } from '@jest/globals';
import type { KubeObject } from '../../../core/api/resources.js';
import type { ExistingExport } from '../../records/projectExport.js';
import type { Context } from '../context.js';
import { reportWaiting } from './personsExport.js';

const SIGNAL = new AbortController().signal;
const object = (conditions: readonly string[]): KubeObject =>
  ({
    apiVersion: 'multicluster.x-k8s.io/v1beta1',
    kind: 'ServiceExport',
    metadata: { name: 'web', namespace: 'demo' },
    status: { conditions: conditions.map((type) => ({ type, status: 'True', reason: type, message: '' })) },
  }) as KubeObject;
const persons = (...conditions: readonly string[]): ExistingExport => ({
  own: false,
  object: object(conditions),
  asked: { annotations: {}, complaints: [] },
});

/** What is written into the status of `demo/web`, which waits for room, and what is told. */
async function written(existing: ExistingExport | undefined, { denied = false, mayTell = true } = {}): Promise<unknown[]> {
  const writes: unknown[] = [];
  const context = {
    target: { id: 'east', records: { services: () => new Map(), reported: () => undefined } },
    federation: { exportRefusal: () => (denied ? { reason: 'NamespaceDenied', message: '' } : undefined) },
    waitingExports: { mayTell: () => mayTell },
    clock: { wall: () => 0 },
    serviceEvents: { tell: (service: string, [news]: readonly { readonly reason: string }[]) => writes.push([service, news?.reason]) },
    writer: {
      ensureStatus(_resource: unknown, desired: { readonly status: { readonly conditions: readonly KubeObject[] } }) {
        writes.push(...desired.status.conditions);
        return Promise.resolve({ kind: 'written', object: desired });
      },
    },
  } as unknown as Context;
  expect(await reportWaiting('demo/web', existing, context, SIGNAL)).toEqual({ outcome: undefined, result: { kind: 'done' } });
  return writes;
}

test("a person's ServiceExport beyond the bound of exports says that it waits", async () => {
  const condition = {
    type: 'Ready',
    status: 'False',
    reason: 'TooManyServices',
    message: expect.stringMatching(/waits until others leave/),
  };
  const told = [expect.objectContaining(condition), ['demo/web', 'TooManyServices']];
  expect(await written(persons())).toEqual(told);
  expect(await written(persons('Valid'))).toEqual(told);
});

test.each<[string, ExistingExport | undefined, Parameters<typeof written>[1]]>([
  ['it said how it is exported before', persons('Ready'), {}],
  ['so many say it already', persons(), { mayTell: false }],
  ['its namespace is the system’s', persons(), { denied: true }],
  ['it is the hub’s', { own: true, object: object([]) }, {}],
  ['it is being deleted', { own: false, object: object([]) }, {}],
  ['there is none', undefined, {}],
])('nothing is written where %s', async (_where, existing, how) => expect(await written(existing, how)).toEqual([]));
