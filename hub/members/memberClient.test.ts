import { getEventListeners } from 'node:events';
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { KubeClient, KubeFailure, KubeRequest, KubeResult } from '../../kube/wire/client.js';
import { createHandClock, type HandClock, settle } from '../../test/host/handClock.js';
import { createMemberClient, type MemberClient } from './memberClient.js';

const READ: KubeRequest = { method: 'GET', path: '/api/v1/nodes', query: { limit: 500 } };
const WRITE: KubeRequest = { method: 'PATCH', path: '/api/v1/nodes/a' };
const DOWN: KubeFailure = { kind: 'unreachable', message: 'down' };
const OTHER: KubeFailure = { kind: 'forbidden', message: 'another cluster' };

let clock: HandClock;
let verdict: KubeFailure | undefined;
let verified: number;
let suspicions: number;
let answer: KubeResult<unknown>;
let client: MemberClient;

function connection(name: string): KubeClient {
  return {
    server: name,
    call: async <T>() => answer as KubeResult<T>,
    stream: async () => answer as KubeResult<void>,
    close: () => undefined,
  };
}

beforeEach(() => {
  clock = createHandClock();
  [verdict, verified, suspicions, answer] = [undefined, 0, 0, { ok: true, value: 'done' }];
  client = createMemberClient(connection('one'), {
    clock,
    async verify() {
      verified += 1;
      return verdict;
    },
    isStranger: () => verdict === OTHER,
    suspect: () => (suspicions += 1),
  });
});

test('M4: what is followed ends when the cluster turns out to be another one, and not for any other failure', async () => {
  let ended = 0;
  const following: KubeClient = {
    ...connection('following'),
    stream: ({ signal }) =>
      new Promise((resolve) => {
        signal?.addEventListener('abort', () => {
          ended += 1;
          resolve({ ok: false, error: { kind: 'aborted', message: 'aborted' } });
        });
      }),
  };
  client.replace(following);
  const watch = client.stream(
    { path: '/api/v1/nodes', query: { watch: true }, idleMs: 60_000, signal: new AbortController().signal },
    () => undefined,
  );
  await settle();
  verdict = DOWN;
  await client.probe();
  expect(ended).toBe(0);
  verdict = OTHER;
  await client.probe();
  expect(await watch).toMatchObject({ ok: false, error: { kind: 'unreachable' } });
});

test('H8: of watches that have ended nothing is kept', async () => {
  const { signal } = new AbortController();
  for (let count = 0; count < 100; count += 1)
    await client.stream({ path: '/api/v1/nodes', query: { watch: true }, idleMs: 60_000, signal }, () => undefined);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
  // Where Node keeps the signals that AbortSignal.any made of this one.
  const dependants = Object.getOwnPropertySymbols(signal).find(({ description }) => description === 'kDependantSignals');
  const kept = dependants === undefined ? undefined : (signal as unknown as Record<symbol, { readonly size: number } | null>)[dependants];
  expect(kept?.size ?? 0).toBe(0);
});

describe('nothing passes before the cluster was recognised', () => {
  test('one verification for all that wait', async () => {
    await Promise.all([client.call(READ), client.call(READ), client.call(WRITE)]);
    expect(verified).toBe(1);
  });

  test('a write is refused at once', async () => {
    verdict = OTHER;
    expect(await client.call(WRITE)).toEqual({ ok: false, error: OTHER });
  });

  test('a list waits for the cluster to be the right one again', async () => {
    verdict = OTHER;
    let result: unknown;
    void client.call(READ).then((value) => (result = value));
    await clock.advance(10_000);
    expect(result).toBeUndefined();
    verdict = undefined;
    await client.probe();
    await settle();
    expect(result).toEqual({ ok: true, value: 'done' });
  });

  test('but not for ever', async () => {
    verdict = DOWN;
    const result = client.call(READ);
    await clock.advance(31_000);
    expect(await result).toEqual({ ok: false, error: DOWN });
  });

  test('nor when it is given up', async () => {
    verdict = DOWN;
    const stop = new AbortController();
    const result = client.call({ ...READ, signal: stop.signal });
    await settle();
    stop.abort();
    expect(await result).toEqual({ ok: false, error: DOWN });
  });
});

describe('it is recognised anew', () => {
  test('each time a list or watch starts, but a moment is the same time', async () => {
    await client.call(READ);
    await client.call(READ);
    expect(verified).toBe(1);
    await clock.advance(3_000);
    await client.call(READ);
    expect(verified).toBe(2);
    await client.call(WRITE);
    expect(verified).toBe(2);
  });

  test('after the connection failed, which is told', async () => {
    await client.call(WRITE);
    answer = { ok: false, error: DOWN };
    await client.call(WRITE);
    expect(suspicions).toBe(1);
    await client.call(WRITE);
    expect(verified).toBe(2);
  });

  test('after a refusal that says nothing about the connection it is not', async () => {
    answer = { ok: false, error: { kind: 'invalid', message: 'no' } };
    await client.call(WRITE);
    await client.call(WRITE);
    expect([verified, suspicions]).toEqual([1, 0]);
  });

  test('through another connection', async () => {
    await client.call(WRITE);
    client.replace(connection('two'));
    expect(client.server).toBe('two');
    await client.call(WRITE);
    expect(verified).toBe(2);
  });
});

test('what a replaced connection gives up is taken up again', async () => {
  answer = { ok: false, error: { kind: 'aborted', message: 'closed' } };
  expect(await client.call(WRITE)).toMatchObject({ ok: false, error: { kind: 'unreachable' } });
  client.close();
  expect(await client.call(WRITE)).toMatchObject({ ok: false, error: { kind: 'aborted' } });
});
