import { describe, expect, test } from '@jest/globals';
import { type KubeObject, RESOURCE } from '../../core/api/resources.js';
import type { Log } from '../../core/runtime/log.js';
import { loadKubeconfig } from '../../kube/config/kubeconfig.js';
import { applyObject, deleteObject, getObject, listObjects } from '../../kube/wire/apply.js';
import type { KubeClient } from '../../kube/wire/client.js';
import { createKubeClient } from '../../kube/wire/http2Client.js';
import { createReflector, type Reflector } from '../../kube/wire/reflector.js';
import { systemClock } from '../../kube/wire/systemClock.js';
import { eventually } from '../contract/kube/faultyServer.js';
import type { ControlPlane } from './controlPlane.js';
import { describeWithApiServer } from './suite.js';

const QUIET: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined, with: () => QUIET };
const MINE = { fieldManager: 'kilofed-test' };
const SLICE = RESOURCE.endpointSlice;

type Slice = KubeObject & { readonly addressType: string; readonly endpoints: readonly unknown[] };

function slice(name: string, value: string, metadata: object = {}): Slice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name, namespace: 'default', labels: { value }, ...metadata },
    addressType: 'IPv4',
    endpoints: [],
  };
}

function ref(name: string) {
  return { resource: SLICE, namespace: 'default', name };
}

function connect(plane: ControlPlane, user = 'admin'): KubeClient {
  const loaded = loadKubeconfig(plane.kubeconfig(user), { now: () => systemClock.now() });
  if (!loaded.ok) throw new Error(loaded.error);
  return createKubeClient({ ...loaded.value, userAgent: 'kilofed-test' }, { clock: systemClock });
}

interface Followed {
  readonly reflector: Reflector<string>;
  readonly changes: string[];
  readonly states: string[];
  readonly stop: () => Promise<void>;
}

/** Follows the label `value` of slices, and waits for the first list. */
async function follow(client: KubeClient): Promise<Followed> {
  const changes: string[] = [];
  const states: string[] = [];
  const reflector = createReflector<string>(
    {
      client,
      resource: SLICE,
      namespace: 'default',
      labelSelector: 'value',
      project: (object) => object.metadata.labels?.['value'],
      onChange: (key, current) => changes.push(`${key}=${current ?? 'gone'}`),
      onState: (state) => states.push(state.failure === undefined ? state.kind : `${state.kind}: ${state.failure.kind}`),
    },
    { clock: systemClock, random: Math.random, log: QUIET },
  );
  const controller = new AbortController();
  const done = reflector.run(controller.signal);
  await eventually('the first list', () => reflector.synced());
  return {
    reflector,
    changes,
    states,
    async stop() {
      controller.abort();
      await done;
    },
  };
}

async function write(client: KubeClient, name: string, value: string): Promise<KubeObject> {
  const written = await applyObject<KubeObject>(client, slice(name, value), MINE);
  if (!written.ok) throw new Error(written.error.message);
  return written.value;
}

describeWithApiServer('a real API server', { users: [{ name: 'nobody', groups: ['nothing'] }] }, (plane) => {
  async function withClient(body: (client: KubeClient) => Promise<void>): Promise<void> {
    const client = connect(plane());
    try {
      await body(client);
      for (const item of await sliceNames(client)) await deleteObject(client, ref(item));
    } finally {
      client.close();
    }
  }

  async function sliceNames(client: KubeClient): Promise<string[]> {
    const listed = await listObjects(client, SLICE, { namespace: 'default', labelSelector: 'value' });
    return listed.ok ? listed.value.map((item) => item.metadata.name) : [];
  }

  describe('single objects', () => {
    test('server-side apply creates, changes nothing when nothing changed, and takes away what is no longer said', () =>
      withClient(async (client) => {
        const first = await write(client, 'a', 'one');
        expect(first.metadata.labels).toEqual({ value: 'one' });
        const again = await write(client, 'a', 'one');
        expect(again.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
        const fewer = await applyObject<KubeObject>(client, slice('a', '', { labels: { other: 'x' } }), MINE);
        expect(fewer.ok && fewer.value.metadata.labels).toEqual({ other: 'x' });
        await deleteObject(client, ref('a'));
      }));

    test('a field of another manager is a conflict, unless it is forced', () =>
      withClient(async (client) => {
        await applyObject(client, slice('a', 'mine'), { fieldManager: 'first' });
        const refused = await applyObject(client, slice('a', 'yours'), { fieldManager: 'second', force: false });
        expect(refused).toMatchObject({ ok: false, error: { kind: 'conflict', code: 409, message: expect.stringContaining('first') } });
        expect(await applyObject(client, slice('a', 'yours'), { fieldManager: 'second' })).toMatchObject({ ok: true });
      }));

    test('an old resourceVersion is a conflict', () =>
      withClient(async (client) => {
        const first = await write(client, 'a', 'one');
        await write(client, 'a', 'two');
        const late = slice('a', 'three', { resourceVersion: first.metadata.resourceVersion });
        expect(await applyObject(client, late, MINE)).toMatchObject({ ok: false, error: { kind: 'conflict' } });
      }));

    test('only the object that was seen is deleted', () =>
      withClient(async (client) => {
        const first = await write(client, 'a', 'one');
        const second = await write(client, 'a', 'two');
        const old = { resourceVersion: first.metadata.resourceVersion ?? '' };
        expect(await deleteObject(client, ref('a'), old)).toMatchObject({ ok: false, error: { kind: 'conflict' } });
        expect(await deleteObject(client, ref('a'), { uid: 'another' })).toMatchObject({ ok: false, error: { kind: 'conflict' } });
        expect(await getObject(client, ref('a'))).toMatchObject({ ok: true, value: { metadata: { name: 'a' } } });
        const exact = { uid: second.metadata.uid ?? '', resourceVersion: second.metadata.resourceVersion ?? '' };
        expect(await deleteObject(client, ref('a'), exact)).toEqual({ ok: true, value: undefined });
        expect(await getObject(client, ref('a'))).toMatchObject({ ok: false, error: { kind: 'notFound', code: 404 } });
        expect(await deleteObject(client, ref('a'))).toEqual({ ok: true, value: undefined });
      }));

    test('refusals have a kind and say why', () =>
      withClient(async (client) => {
        const nobody = connect(plane(), 'nobody');
        expect(await listObjects(nobody, RESOURCE.secret)).toMatchObject({
          ok: false,
          error: { kind: 'forbidden', code: 403, message: expect.stringContaining('"nobody"') },
        });
        nobody.close();
        expect(await applyObject(client, { ...slice('a', 'x'), addressType: 'IPv7' }, MINE)).toMatchObject({
          ok: false,
          error: { kind: 'invalid', message: expect.stringContaining('addressType') },
        });
        expect(await listObjects(client, RESOURCE.mesh)).toMatchObject({ ok: false, error: { kind: 'notFound' } });
        const post = {
          method: 'POST',
          path: '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices',
          body: slice('b', 'x'),
        } as const;
        expect(await client.call(post)).toMatchObject({ ok: true });
        expect(await client.call(post)).toMatchObject({ ok: false, error: { kind: 'alreadyExists', code: 409 } });
        expect(await client.call({ ...post, body: slice('bad name', 'x') })).toMatchObject({ ok: false, error: { kind: 'invalid' } });
      }));

    test('wrong credentials are unauthorized, in calls and in watches', async () => {
      const { server, ca } = plane();
      const credentials = { get: () => Promise.resolve({ headers: { authorization: 'Bearer wrong' } }), invalidate: () => undefined };
      const client = createKubeClient({ server, ca, credentials, userAgent: 'kilofed-test' }, { clock: systemClock });
      expect(await listObjects(client, SLICE)).toMatchObject({ ok: false, error: { kind: 'unauthorized', code: 401 } });
      expect(await client.stream({ path: '/api/v1/nodes', query: { watch: true }, idleMs: 1_000 }, () => undefined)).toMatchObject({
        ok: false,
        error: { kind: 'unauthorized' },
      });
      client.close();
    });
  });

  describe('following', () => {
    test(
      'more than a page of objects are all there, then every change',
      () =>
        withClient(async (client) => {
          const names = Array.from({ length: 600 }, (_, index) => `s${index}`);
          await inTurn(names, 20, (name) => write(client, name, 'x'));
          const followed = await follow(client);
          expect(followed.reflector.store.size).toBe(600);
          followed.changes.length = 0;
          await write(client, 's1', 'y');
          await deleteObject(client, ref('s2'));
          await applyObject(client, slice('s3', '', { labels: { other: 'x' } }), MINE);
          await eventually('three changes', () => followed.changes.length === 3);
          expect(followed.changes).toEqual(['default/s1=y', 'default/s2=gone', 'default/s3=gone']);
          await followed.stop();
          await deleteObject(client, ref('s3'));
          await inTurn(names, 20, (name) => deleteObject(client, ref(name)));
        }),
      60_000,
    );

    test('a version of before the server started is gone', async () => {
      await withClient(async (client) => {
        await write(client, 'a', 'x');
        const before = await write(client, 'a', 'y');
        await write(client, 'b', 'x');
        await plane().restartApiServer();
        const query = { watch: true, resourceVersion: before.metadata.resourceVersion, timeoutSeconds: 3 };
        const path = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';
        const lines: string[] = [];
        const watched = await client.stream({ path, query, idleMs: 10_000 }, (line) => lines.push(line));
        // As a status or as an event: the API server does either.
        const event = JSON.parse(lines[0] ?? '{}') as { readonly type?: string; readonly object?: { readonly code?: number } };
        expect(watched.ok ? event : watched.error).toMatchObject(watched.ok ? { type: 'ERROR', object: { code: 410 } } : { kind: 'gone' });
      });
    }, 60_000);

    test(
      'a restart of the API server loses nothing',
      () =>
        withClient(async (client) => {
          await write(client, 'stays', '1');
          await write(client, 'goes', '1');
          const followed = await follow(client);
          await plane().killApiServer();
          await eventually('the loss', () => followed.reflector.state().kind === 'failing');
          await plane().restartApiServer();
          const other = connect(plane());
          await write(other, 'stays', '2');
          await write(other, 'new', '1');
          await deleteObject(other, ref('goes'));
          await eventually(
            'what happened',
            () => followed.reflector.store.get('default/new') === '1' && !followed.reflector.store.has('default/goes'),
            30_000,
          );
          expect(Object.fromEntries(followed.reflector.store)).toEqual({ 'default/new': '1', 'default/stays': '2' });
          expect(followed.reflector.state().kind).toBe('live');
          await followed.stop();
          other.close();
        }),
      90_000,
    );

    test(
      'a server that hangs is noticed in less than six seconds, and taken up again when it goes on',
      () =>
        withClient(async (client) => {
          const followed = await follow(client);
          await write(client, 'a', '1');
          await eventually('the change', () => followed.changes.length === 1);
          const began = performance.now();
          plane().pause();
          try {
            await eventually('the failure', () => followed.reflector.state().kind === 'failing', 10_000);
            expect(performance.now() - began).toBeLessThan(6_000);
            expect(followed.reflector.state().failure?.message).toContain('did not answer a ping');
            expect(await client.call({ method: 'GET', path: '/version', timeoutMs: 500 })).toMatchObject({ ok: false });
          } finally {
            plane().resume();
          }
          const other = connect(plane());
          await write(other, 'a', '2');
          other.close();
          await eventually('the change', () => followed.reflector.store.get('default/a') === '2', 30_000);
          expect(followed.reflector.lists()).toBe(1);
          await followed.stop();
        }),
      60_000,
    );
  });
});

/** `work` for each item, at most `width` at a time. */
async function inTurn<T>(items: readonly T[], width: number, work: (item: T) => Promise<unknown>): Promise<void> {
  const rest = [...items];
  const worker = async (): Promise<void> => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
}
