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
function scripted(...answers: (KubeObject | KubeFailure)[]): { readonly client: KubeClient; readonly asked: KubeRequest[] } {
  const asked: KubeRequest[] = [];
  return {
    asked,
    client: {
      server: 'https://test',
      async call<T>(request: KubeRequest): Promise<KubeResult<T>> {
        asked.push(request);
        const answer = answers.shift();
        if (answer === undefined) throw new Error('one request too many');
        return 'metadata' in answer ? { ok: true, value: answer as T } : { ok: false, error: answer };
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

  test.each([['notFound'], ['conflict']] as const)('%s means that it is gone', async (kind) => {
    const { client } = scripted({ kind, message: '' });
    expect(await writer(client).remove(RESOURCE.peer, peer('a'), 'noGateway', signal)).toEqual({ kind: 'gone' });
  });

  test('refuses what is not ours', async () => {
    const { client } = scripted();
    await expect(writer(client).remove(RESOURCE.peer, peer('a', false), 'noGateway', signal)).rejects.toThrow(/not ours/);
  });
});
