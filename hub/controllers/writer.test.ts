import { describe, expect, test } from '@jest/globals';
import { type KubeObject, RESOURCE } from '../../core/api/resources.js';
import type { KubeClient, KubeFailure, KubeRequest, KubeResult } from '../../kube/wire/client.js';
import { SILENT } from '../../test/host/handClock.js';
import { createCurtailed } from './curtailed.js';
import { createWriter } from './writer.js';

const signal = new AbortController().signal;
const peer = (key: string, own = true): KubeObject & { spec: unknown } => ({
  apiVersion: 'kilo.squat.ai/v1alpha1',
  kind: 'Peer',
  metadata: {
    name: 'p',
    uid: 'u1',
    labels: own ? { 'kilofed.io/managed-by': 'kilofed-hub' } : {},
    annotations: { 'kilofed.io/federation': 'default' },
  },
  spec: { publicKey: key },
});

/** Answers in order, and remembers what it was asked. */
function scripted(...answers: (KubeObject | KubeFailure | { readonly items: readonly KubeObject[] })[]): {
  readonly client: KubeClient;
  readonly asked: KubeRequest[];
} {
  const asked: KubeRequest[] = [];
  return {
    asked,
    client: {
      server: 'https://test',
      async call<T>(request: KubeRequest): Promise<KubeResult<T>> {
        asked.push(request);
        const answer = answers.shift();
        if (answer === undefined) throw new Error('one request too many');
        return 'metadata' in answer || 'items' in answer ? { ok: true, value: answer as T } : { ok: false, error: answer };
      },
      stream: () => Promise.reject(new Error('no streams here')),
      close: () => undefined,
    },
  };
}

const writer = (client: KubeClient): ReturnType<typeof createWriter> =>
  createWriter({ client, federation: 'default', log: SILENT, wrote: () => undefined, curtailed: createCurtailed() });

describe('ensure', () => {
  test('writes nothing where nothing differs', async () => {
    const { client } = scripted();
    expect(await writer(client).ensure(RESOURCE.peer, peer('a'), { own: true, object: peer('a') }, signal)).toEqual({ kind: 'unchanged' });
  });

  test("never over somebody else's, known or not", async () => {
    const known = scripted();
    expect(await writer(known.client).ensure(RESOURCE.peer, peer('a'), { own: false }, signal)).toMatchObject({ kind: 'foreign' });
    const unknown = scripted({ kind: 'conflict', message: 'conflict with "kubectl"' });
    expect(await writer(unknown.client).ensure(RESOURCE.peer, peer('a'), undefined, signal)).toMatchObject({ kind: 'foreign' });
    expect(unknown.asked[0]?.query).toMatchObject({ force: false, fieldManager: 'kilofed-hub' });
  });

  test('applies with force what is ours and differs', async () => {
    const { client, asked } = scripted(peer('a'));
    expect(await writer(client).ensure(RESOURCE.peer, peer('a'), { own: true, object: peer('b') }, signal)).toMatchObject({
      kind: 'written',
    });
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({
      method: 'PATCH',
      path: '/apis/kilo.squat.ai/v1alpha1/peers/p',
      contentType: 'application/apply-patch+yaml',
      query: { force: true },
    });
  });

  test.each([
    ['nothing', undefined],
    ['an empty object', {}],
    ['another object', { ...peer('a'), metadata: { name: 'other' } }],
    ['one whose labels are a text', { ...peer('a'), metadata: { name: 'p', labels: 'ours' } }],
    ['one whose prefixes are a number', { ...peer('a'), spec: { publicKey: 'a', allowedIPs: 5 } }],
  ])('L1: an answer that is %s is a failure', async (_what, answer) => {
    const { client } = scripted(peer('a'));
    const lying: KubeClient = { ...client, call: <T>(): Promise<KubeResult<T>> => Promise.resolve({ ok: true, value: answer as T }) };
    expect(await writer(lying).ensure(RESOURCE.peer, peer('a'), undefined, signal)).toMatchObject({
      kind: 'failed',
      failure: { kind: 'server', message: expect.stringContaining('did not answer with the Peer p that was written') },
    });
  });

  test.each([
    ['did not take', peer('b')],
    ['does not go together with what others added', { kind: 'invalid', message: 'no' } as const],
  ])('merges where the apply %s', async (_name, answer) => {
    const { client, asked } = scripted(answer, peer('a'));
    expect(await writer(client).ensure(RESOURCE.peer, peer('a'), { own: true, object: peer('b') }, signal)).toMatchObject({
      kind: 'written',
    });
    expect(asked[1]?.contentType).toBe('application/merge-patch+json');
  });

  test('takes out what our programs would go by, whoever wrote it', async () => {
    const says = (choice: string | undefined): KubeObject => ({
      ...peer('a'),
      metadata: {
        ...peer('a').metadata,
        annotations: { 'kilofed.io/federation': 'default', note: 'theirs', ...(choice !== undefined && { 'kilofed.io/choice': choice }) },
      },
    });
    const { client, asked } = scripted(says('{}'), says(undefined));
    const existing = { own: true, object: says('{}') } as const;
    expect(await writer(client).ensure(RESOURCE.peer, peer('a'), existing, signal)).toMatchObject({ kind: 'written' });
    expect(asked.map(({ contentType }) => contentType)).toEqual(['application/apply-patch+yaml', 'application/merge-patch+json']);
    expect(asked[1]?.body).toMatchObject({ metadata: { annotations: { 'kilofed.io/choice': null } } });
    expect(await writer(client).ensure(RESOURCE.peer, peer('a'), { own: true, object: says(undefined) }, signal)).toEqual({
      kind: 'unchanged',
    });
  });

  test('where somebody insists on it, it is tried once', async () => {
    const annotations = { ...peer('a').metadata.annotations, 'kilofed.io/choice': '{}' };
    const insisted = { ...peer('a'), metadata: { ...peer('a').metadata, resourceVersion: '8', annotations } };
    const { client } = scripted(insisted, insisted);
    const one = writer(client);
    expect(await one.ensure(RESOURCE.peer, peer('a'), { own: true, object: insisted }, signal)).toMatchObject({ kind: 'written' });
    expect(await one.ensure(RESOURCE.peer, peer('a'), { own: true, object: insisted }, signal)).toEqual({ kind: 'unchanged' });
  });

  test('only over the version that is known', async () => {
    const object = { ...peer('a'), metadata: { ...peer('a').metadata, resourceVersion: '7' } };
    const { client, asked } = scripted({ kind: 'conflict', message: 'modified' });
    expect(await writer(client).ensure(RESOURCE.peer, peer('b'), { own: true, object }, signal)).toMatchObject({ kind: 'failed' });
    expect(asked[0]?.body).toMatchObject({ metadata: { resourceVersion: '7' } });
  });

  test('a failure is told', async () => {
    const { client } = scripted({ kind: 'timeout', message: 'slow' });
    expect(await writer(client).ensure(RESOURCE.peer, peer('a'), undefined, signal)).toEqual({
      kind: 'failed',
      failure: { kind: 'timeout', message: 'slow' },
    });
  });
});

describe('remove', () => {
  test('deletes that very object', async () => {
    const { client, asked } = scripted(peer('a'));
    expect(await writer(client).remove(RESOURCE.peer, peer('a'), 'noGateway', signal)).toEqual({ kind: 'deleted' });
    expect(asked[0]).toMatchObject({ method: 'DELETE', body: { preconditions: { uid: 'u1' } } });
  });

  const missing: KubeFailure = { kind: 'notFound', message: '' };
  const changed: KubeFailure = { kind: 'conflict', message: '' };
  const version = (object: KubeObject, resourceVersion: string, more: object = {}): KubeObject => ({
    ...object,
    metadata: { ...object.metadata, annotations: { 'kilofed.io/hash': 'x' }, resourceVersion, ...more },
  });

  test('of what is not there it says so', async () => {
    expect(await writer(scripted(missing).client).remove(RESOURCE.peer, peer('a'), 'noGateway', signal)).toEqual({ kind: 'gone' });
    const { client } = scripted(changed, { items: [] });
    expect(await writer(client).remove(RESOURCE.peer, peer('a'), 'noGateway', signal)).toEqual({ kind: 'gone' });
  });

  test("what has changed is deleted as it is now, if it is the hub's still", async () => {
    const { client, asked } = scripted(changed, { items: [version(peer('b'), '8')] }, peer('b'));
    expect(await writer(client).remove(RESOURCE.peer, version(peer('a'), '7'), 'noGateway', signal)).toEqual({ kind: 'deleted' });
    expect(asked.map(({ method, body }) => [method, body])).toMatchObject([
      ['DELETE', { preconditions: { uid: 'u1', resourceVersion: '7' } }],
      ['GET', undefined],
      ['DELETE', { preconditions: { uid: 'u1', resourceVersion: '8' } }],
    ]);
  });

  test.each<[what: string, now: KubeObject]>([
    ['another object has the name', version(peer('b'), '8', { uid: 'u2' })],
    ['it is not marked any more', version(peer('a', false), '8')],
    ['somebody declares it', version(peer('a'), '8', { annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}' } })],
  ])('it stays where %s', async (_what, now) => {
    const { client } = scripted(changed, { items: [now] });
    expect(await writer(client).remove(RESOURCE.peer, version(peer('a'), '7'), 'noGateway', signal)).toEqual({ kind: 'foreign' });
  });

  test('it is tried so often, and no more', async () => {
    const { client } = scripted(changed, { items: [version(peer('b'), '8')] }, changed, { items: [version(peer('b'), '9')] }, changed);
    expect(await writer(client).remove(RESOURCE.peer, peer('a'), 'noGateway', signal)).toEqual({ kind: 'failed', failure: changed });
  });

  test('refuses what is not ours', async () => {
    const { client } = scripted();
    await expect(writer(client).remove(RESOURCE.peer, peer('a', false), 'noGateway', signal)).rejects.toThrow(/not ours/);
  });
});
