import { expect, test } from '@jest/globals';
import type { MeshNode } from '../core/api/meshNode.js';
import type { KubeClient, KubeFailure, KubeRequest } from '../kube/wire/client.js';
import { fakeKey } from '../test/fakes/mesh.js';
import { createOrphanRemover, type Removal } from './orphanRemover.js';

const ORPHAN: MeshNode = {
  apiVersion: 'kilofed.io/v1alpha1',
  kind: 'MeshNode',
  metadata: { name: 'a', uid: 'u1', resourceVersion: '7' },
  spec: { publicKey: fakeKey('a'), endpoints: [], internalIPs: [], podCIDRs: [], location: '', gateway: 'auto', persistentKeepalive: 0 },
};

type Answer = 'ok' | KubeFailure['kind'];

/** What happened, and the requests it took. `get` and `del` are what the API server answers. */
const NODE = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'a' } };

async function remove(
  get: Answer,
  del: Answer,
): Promise<{ readonly removal: Removal; readonly asked: readonly Pick<KubeRequest, 'method' | 'path' | 'body'>[] }> {
  const asked: KubeRequest[] = [];
  const client = {
    call(request: KubeRequest) {
      asked.push(request);
      const answer = request.method === 'GET' ? get : del;
      return Promise.resolve(answer === 'ok' ? { ok: true, value: NODE } : { ok: false, error: { kind: answer, message: 'because' } });
    },
  } as unknown as KubeClient;
  const removal = await createOrphanRemover({ client, onRequest: () => undefined }).remove(ORPHAN);
  return { removal, asked };
}

test.each<[string, Answer, Answer, Removal]>([
  ['the Node is gone', 'notFound', 'ok', { kind: 'removed' }],
  ['both are gone', 'notFound', 'notFound', { kind: 'removed' }],
  ['the MeshNode was changed meanwhile', 'notFound', 'conflict', { kind: 'overtaken' }],
  ['we may not', 'notFound', 'forbidden', { kind: 'forbidden', message: 'MeshNode a: because' }],
  ['the API server fails', 'notFound', 'server', { kind: 'failed', message: 'MeshNode a: because' }],
])('%s', async (_what, get, del, expected) => {
  const { removal, asked } = await remove(get, del);
  expect(removal).toEqual(expected);
  expect(asked).toMatchObject([
    { method: 'GET', path: '/api/v1/nodes/a' },
    { method: 'DELETE', path: '/apis/kilofed.io/v1alpha1/meshnodes/a', body: { preconditions: { uid: 'u1', resourceVersion: '7' } } },
  ]);
});

test.each<[string, Answer, Removal]>([
  ['a Node that is there', 'ok', { kind: 'overtaken' }],
  ['a Node of which nothing is known', 'unreachable', { kind: 'failed', message: 'Node a: because' }],
])('%s keeps its MeshNode', async (_what, get, expected) => {
  const { removal, asked } = await remove(get, 'ok');
  expect(removal).toEqual(expected);
  expect(asked).toHaveLength(1);
});
