/**
 * Tokens of members that end: renewed at half of their life, tried before they replace the old one, and never lost.
 */
import { describe, expect, test } from '@jest/globals';
import { connectMember } from '../../hub/connectMember.js';
import type { Place } from '../../hub/members/declaration.js';
import { createRenewal } from '../../hub/members/renewal.js';
import type { KubeClient, KubeFailure, KubeRequest, KubeResult } from '../../kube/wire/client.js';
import { createHandClock, SILENT } from '../host/handClock.js';

const DAY_MS = 86_400_000;
const BEGIN = createHandClock().wall();
const BOUND = { secret: { name: 'kilofed-hub-tokens', uid: 'u-1' } };
const SECRET: Place = { kind: 'secret', namespace: 'kilofed', name: 'east', uid: 'u', resourceVersion: '7' };

/** A token of the hub's account that lasts from one day to another. */
function token(from: number, to: number, more: object = BOUND): string {
  const [iat, exp] = [from, to].map((day) => Math.round((BEGIN + day * DAY_MS) / 1000));
  const claims = { iat, exp, 'kubernetes.io': { namespace: 'kilofed', serviceaccount: { name: 'kilofed-hub' }, ...more } };
  return ['{}', JSON.stringify(claims), 'signature'].map((part) => Buffer.from(part).toString('base64url')).join('.');
}

const kubeconfig = (of: string): string => `# by hand
clusters: [{name: c, cluster: {server: "https://10.0.0.1:6443"}}]
users: [{name: u, user: {token: ${of}}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
`;

interface World {
  /** What the member answers to TokenRequest. */
  readonly answer?: unknown;
  /** Days that the tokens last that it answers with. Default: 32. */
  readonly life?: number;
  readonly refusal?: KubeFailure;
  readonly verified?: KubeFailure;
  readonly written?: KubeFailure;
  readonly text?: string;
  readonly place?: Place;
  readonly home?: false;
  /** Somebody writes the old kubeconfig back at once. */
  readonly reverted?: true;
}

/** A member whose token was given at day 0 for 32 days. */
function world({ answer, life = 32, refusal, verified, written, home, reverted, ...declared }: World = {}) {
  const clock = createHandClock();
  const seen = { asked: [] as KubeRequest[], tried: 0, written: [] as string[], active: true };
  let text = declared.text ?? kubeconfig(token(0, 32));
  const place = declared.place ?? SECRET;
  const connect = (of: string, at: Place) => connectMember(of, at, { ofSecrets: { programs: false, insecureTls: false }, environment: {} });
  const client = {
    async call(request: KubeRequest): Promise<KubeResult<unknown>> {
      await Promise.resolve();
      seen.asked.push(request);
      const days = (clock.wall() - BEGIN) / DAY_MS;
      return refusal === undefined
        ? { ok: true, value: answer === undefined ? { status: { token: token(days, days + life) } } : answer }
        : { ok: false, error: refusal };
    },
  } as unknown as KubeClient;
  const renewal = createRenewal({
    clock,
    log: SILENT,
    connect,
    async verify() {
      await Promise.resolve();
      seen.tried += 1;
      return verified;
    },
    isActive: () => seen.active,
    inUse() {
      const connected = connect(text, place);
      return connected.ok ? { text, place, ...connected.value } : undefined;
    },
    replaceKubeconfig:
      home === false
        ? undefined
        : async (_at, next) => {
            await Promise.resolve();
            if (written !== undefined) return { ok: false, error: written };
            seen.written.push(next);
            if (reverted === undefined) text = next;
            return { ok: true, value: {} };
          },
  });
  const stop = new AbortController();
  const ended = renewal.run(client, stop.signal);
  return {
    renewal,
    seen,
    /** Days from the first token's begin. */
    at: (day: number) => clock.advance(day * DAY_MS - clock.now()),
    end: () => (Date.parse(renewal.ends()?.end ?? '') - BEGIN) / DAY_MS,
    async stop() {
      stop.abort();
      await ended;
    },
  };
}

test('M13: at half of its life a token is replaced by one of the same life and Secret, and nothing else is changed', async () => {
  const { seen, at, end, stop, renewal } = world();
  await at(15.9);
  expect(seen.asked).toEqual([]);
  await at(16.1);
  expect(seen.asked.map(({ method, path, body }) => ({ method, path, body }))).toEqual([
    {
      method: 'POST',
      path: '/api/v1/namespaces/kilofed/serviceaccounts/kilofed-hub/token',
      body: {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: {
          expirationSeconds: 32 * 86_400,
          boundObjectRef: { apiVersion: 'v1', kind: 'Secret', name: 'kilofed-hub-tokens', uid: 'u-1' },
        },
      },
    },
  ]);
  expect([seen.tried, seen.written]).toEqual([1, [kubeconfig(token(16, 48))]]);
  expect([end(), renewal.ends()?.daysLeft, renewal.problems()]).toEqual([48, 31, []]);
  await at(32.1);
  expect([seen.written.length, end()]).toEqual([2, 64]);
  await stop();
});

test('M13: a hub that stands by leaves it to the active one, and does it once it is that one', async () => {
  const { seen, at, stop } = world();
  seen.active = false;
  await at(17);
  expect(seen.asked).toEqual([]);
  seen.active = true;
  await at(17.1);
  expect(seen.written.length).toBe(1);
  await stop();
});

describe('M13: the old token stays where', () => {
  const failure = (message: string): KubeFailure => ({ kind: 'forbidden', message });
  test.each<[string, World, RegExp]>([
    [
      'the member gives none',
      { refusal: failure('may not create serviceaccounts/token') },
      /the member gives no new token: may not create/,
    ],
    ['the member answers nothing', { answer: null }, /answered with no token/],
    ['the member answers no JWT', { answer: { status: { token: 'a}]}\nb: c' } } }, /answered with no token/],
    ['the member answers a list', { answer: { status: { token: ['a.b.c'] } } }, /answered with no token/],
    ['the new one ends before the old one', { answer: { status: { token: token(0, 20) } } }, /does not end later/],
    ['the new one does not say when it ends', { answer: { status: { token: 'a.b.c' } } }, /does not end later/],
    ['another cluster answers to it', { verified: failure('another cluster answers') }, /the new token was not accepted: another cluster/],
    [
      'the Secret was changed meanwhile',
      { written: { kind: 'conflict', message: 'the object has been modified' } },
      /secret kilofed\/east cannot be written: /,
    ],
    [
      'it is written in pieces',
      { text: kubeconfig(`"${token(0, 32).slice(0, 20)}\\\n  ${token(0, 32).slice(20)}"`) },
      /not written out in the kubeconfig/,
    ],
  ])('%s', async (_title, what, problem) => {
    const { renewal, seen, at, end, stop } = world(what);
    await at(20);
    // It is tried again, and not at once.
    expect(seen.asked.length).toBeGreaterThan(10);
    expect(seen.asked.length).toBeLessThan(100);
    expect([seen.written, end(), renewal.problems()]).toEqual([[], 32, []]);
    await at(24.1);
    expect(renewal.problems()).toEqual([
      expect.objectContaining({
        reason: 'CredentialsExpire',
        message: expect.stringMatching(/^the token of its kubeconfig ends at 2023-12-16T22:13:20.000Z, and could not be renewed \(/),
      }),
    ]);
    expect(renewal.problems()[0]?.message).toMatch(problem);
    await stop();
  });
});

test.each<[string, World]>([
  ['a file', { place: { kind: 'file', path: '/members/east.yaml' } }],
  ['a hub without a home cluster', { home: false }],
  ['a token that is bound to a pod', { text: kubeconfig(token(0, 32, { pod: { name: 'p', uid: 'u' } })) }],
  ['a token of no service account', { text: kubeconfig(token(0, 32, { serviceaccount: undefined })) }],
])('M13: of %s only the end is told', async (_title, what) => {
  const { renewal, seen, at, stop } = world(what);
  await at(23.9);
  expect(renewal.problems()).toEqual([]);
  await at(25);
  expect([seen.asked, renewal.problems().map(({ reason }) => reason)]).toEqual([[], ['CredentialsExpire']]);
  await stop();
});

test('M13: where something puts the old kubeconfig back, it is not fought', async () => {
  const { seen, at, stop } = world({ reverted: true });
  await at(31.9);
  // At day 16, and after each eighth of the life.
  expect(seen.asked).toHaveLength(4);
  await stop();
});

test('M13: a member whose tokens last seconds does not have its Secret written each second', async () => {
  const seconds = 2 / 86_400;
  const { seen, at, stop } = world({ text: kubeconfig(token(0, seconds)), life: seconds });
  await at(1 / 24);
  expect(seen.written.length).toBeGreaterThan(1);
  expect(seen.written.length).toBeLessThan(60);
  await stop();
});

test.each([
  ['no JWT', 't'],
  ['claims that are no JSON', 'a.b.c'],
  ['claims without an end', `a.${Buffer.from('{"iat":1}').toString('base64url')}.c`],
  ['an end before the begin', token(2, 1)],
  ['an end beyond all time', `a.${Buffer.from('{"iat":1,"exp":1e300}').toString('base64url')}.c`],
  ['names that lead elsewhere', token(0, 32, { namespace: '../../secrets' })],
])('M13: %s is no token that is renewed', async (_title, of) => {
  const { seen, at, stop } = world({ text: kubeconfig(of) });
  await at(31);
  expect(seen.asked).toEqual([]);
  await stop();
});
