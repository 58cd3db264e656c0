import { expect, test } from '@jest/globals';
import type { KubeObject } from '../core/api/resources.js';
import type { KubeClient, KubeFailure, KubeRequest, KubeResult } from '../kube/wire/client.js';
import type { Reach } from './memberReach.js';
import { createReadinessKeeper } from './readinessKeeper.js';

const CUT: Reach = new Map([
  [
    'west',
    [
      { allowedIPs: ['10.50.0.0/24'], reached: false },
      { allowedIPs: ['10.51.0.0/24'], reached: true },
    ],
  ],
]);
const READY = { ready: true, serving: true };
const WITHHELD = { ready: false, serving: false };

interface Sketch {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly endpoints?: readonly object[];
}

function slice(name: string, { labels, annotations, endpoints }: Sketch = {}): KubeObject {
  const object: KubeObject & Readonly<Record<string, unknown>> = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name,
      namespace: 'demo',
      resourceVersion: `of ${name}`.replace(' ', '-'),
      labels: {
        'kilofed.io/managed-by': 'kilofed-hub',
        'kilofed.io/cluster': 'west',
        'endpointslice.kubernetes.io/managed-by': 'kilofed-hub',
        ...labels,
      },
      annotations: { 'kilofed.io/hash': 'h', ...annotations },
    },
    addressType: 'IPv4',
    ports: [{ name: 'http', protocol: 'TCP', port: 80 }],
    endpoints: endpoints ?? [{ addresses: ['10.50.0.7'], conditions: READY }],
  };
  return object;
}

/** An API server with `slices`, whose answers to writes are `answers`, then all good. */
function world(
  slices: readonly KubeObject[],
  answers: readonly (KubeFailure | undefined)[] = [],
  writesUntilBack = Number.POSITIVE_INFINITY,
  imports: readonly KubeObject[] | Error = [],
) {
  const writes: KubeRequest[] = [];
  const client: KubeClient = {
    server: '',
    call<T>(request: KubeRequest): Promise<KubeResult<T>> {
      if (request.method === 'GET') {
        const isImports = request.path.includes('serviceimports');
        if (isImports && imports instanceof Error)
          return Promise.resolve({ ok: false, error: { kind: 'forbidden', message: imports.message } });
        const list = isImports
          ? { kind: 'ServiceImportList', apiVersion: 'multicluster.x-k8s.io/v1beta1', metadata: { resourceVersion: '1' }, items: [] }
          : { kind: 'EndpointSliceList', apiVersion: 'discovery.k8s.io/v1', metadata: { resourceVersion: '1' }, items: [] };
        for (const item of isImports ? (imports as readonly KubeObject[]) : slices) request.onItem?.(item, '', 1);
        return Promise.resolve({ ok: true, value: list as T });
      }
      const error = answers[writes.length];
      writes.push(request);
      return Promise.resolve(error === undefined ? { ok: true, value: request.body as T } : { ok: false, error });
    },
    stream: () => Promise.reject(new Error('not here')),
    close: () => undefined,
  };
  const keeper = createReadinessKeeper({
    client,
    localReady: () => ({}),
    isHubAway: () => writes.length < writesUntilBack,
    onRequest: () => undefined,
  });
  return { keeper, writes };
}

function conditionsOf({ body }: KubeRequest): readonly object[] {
  return (body as { readonly endpoints: readonly { readonly conditions: object }[] }).endpoints.map(({ conditions }) => conditions);
}

test('what is cut off is withheld in the name of the hub, over what was read, and all else in the slice is as it was', async () => {
  const mixed = slice('web', {
    annotations: { 'kilofed.io/source': 'demo/web' },
    endpoints: [
      { addresses: ['10.50.0.7'], conditions: READY, zone: 'z1' },
      { addresses: ['10.51.0.7'], conditions: READY },
      { addresses: ['10.99.0.7'], conditions: READY },
    ],
  });
  const { keeper, writes } = world([mixed]);
  expect(await keeper.keep(CUT)).toEqual({ written: 1, failures: [], choosing: [] });
  expect(writes.length).toBe(1);
  const [write] = writes;
  expect(write).toMatchObject({
    method: 'PATCH',
    path: '/apis/discovery.k8s.io/v1/namespaces/demo/endpointslices/web',
    query: { fieldManager: 'kilofed-hub' },
    body: {
      metadata: {
        resourceVersion: 'of-web',
        labels: mixed.metadata.labels,
        annotations: { 'kilofed.io/source': 'demo/web', 'kilofed.io/hash': 'h' },
      },
      ports: [{ name: 'http', protocol: 'TCP', port: 80 }],
      endpoints: [{ addresses: ['10.50.0.7'], zone: 'z1' }, { addresses: ['10.51.0.7'] }, { addresses: ['10.99.0.7'] }],
    },
  });
  expect(write === undefined ? [] : conditionsOf(write)).toEqual([WITHHELD, READY, READY]);
});

test('what is as it should be is not written, and done twice it changes no more', async () => {
  const { keeper, writes } = world([slice('web')]);
  await keeper.keep(CUT);
  const again = world([writes[0]?.body as KubeObject]);
  expect(await again.keeper.keep(CUT)).toEqual({ written: 0, failures: [], choosing: [] });
  const back = new Map([['west', [{ allowedIPs: ['10.50.0.0/24'], reached: true }]]]);
  expect(await again.keeper.keep(back)).toEqual({ written: 1, failures: [], choosing: [] });
  expect(again.writes.map(conditionsOf)).toEqual([[READY]]);
});

test.each<[string, KubeObject]>([
  [
    "of a person's Service, which inherited the label",
    slice('own', { labels: { 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io' } }),
  ],
  ['that a person declares', slice('declared', { annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}' } })],
  ['of a member without Peers here', slice('north', { labels: { 'kilofed.io/cluster': 'north' } })],
  ['of no member', slice('none', { labels: { 'kilofed.io/cluster': '' } })],
  ['that is malformed', slice('bad', { endpoints: [{ addresses: 5 }] })],
])('an EndpointSlice %s is left alone', async (_what, object) => {
  const { keeper, writes } = world([object]);
  expect(await keeper.keep(CUT)).toEqual({ written: 0, failures: [], choosing: [] });
  expect(writes).toEqual([]);
});

test('a hub that comes back in between is left to its work, and what somebody else wrote meanwhile is his', async () => {
  const slices = ['a', 'b', 'c', 'd'].map((name) => slice(name));
  const { keeper, writes } = world(slices, [undefined, { kind: 'conflict', message: 'changed' }], 2);
  expect(await keeper.keep(CUT)).toEqual({ written: 1, failures: [] });
  expect(writes.length).toBe(2);
});

test('where ServiceImports cannot be read, links decide alone, and it is told', async () => {
  const { keeper, writes } = world([slice('web')], [], undefined, new Error('no'));
  expect(await keeper.keep(CUT)).toEqual({ written: 1, failures: ['serviceimports: no'] });
  expect(writes.map(conditionsOf)).toEqual([[WITHHELD]]);
});

test('one that is refused keeps no other from being written', async () => {
  const { keeper } = world(
    ['a', 'b'].map((name) => slice(name)),
    [{ kind: 'forbidden', message: 'no' }],
  );
  expect(await keeper.keep(CUT)).toEqual({ written: 1, failures: ['EndpointSlice demo/a: no'], choosing: [] });
});
