import { expect, test } from '@jest/globals';
import type { FederationStatus } from '../../core/api/status.js';
import { HEALTHY } from '../../test/fakes/federationStatus.js';
import type { Standby } from '../members/lease.js';
import { hubRoutes } from './routes.js';

/** Routes of a hub that counts how often it is looked at. */
function routes(status: () => FederationStatus = () => HEALTHY, standby: () => Standby | undefined = () => undefined) {
  const seen = { status: 0, metrics: 0, now: 0, explained: 0 };
  const made = hubRoutes({
    standby,
    notReady: () => undefined,
    knows: (id) => id !== 'nobody',
    forget: (id) =>
      id === 'declared' ? { ok: false, error: 'declared by secret kilofed/x: delete that first' } : { ok: true, value: undefined },
    status() {
      seen.status += 1;
      return status();
    },
    explain(namespace, name) {
      seen.explained += 1;
      return { namespace, name, works: true, exporters: [], importers: [], unseen: [] };
    },
    metrics() {
      seen.metrics += 1;
      return Promise.resolve({ contentType: 'text/plain', body: `${seen.metrics}` });
    },
    now: () => seen.now,
  });
  const get = async (part: 'status' | 'metrics', path: string): Promise<string> => (await made[part][path]?.(''))?.body ?? 'not found';
  const forget = async (id: string): Promise<unknown> => {
    const answer = await made.status['DELETE /api/v1/members/']?.(id);
    return [answer?.status, JSON.parse(answer?.body ?? 'null')];
  };
  const explain = async (path: string): Promise<readonly [number | undefined, unknown]> => {
    const answer = await made.status['GET /api/v1/services/']?.(path);
    return [answer?.status, JSON.parse(answer?.body ?? 'null')];
  };
  return { seen, get, forget, explain };
}

test('M10: strangers see health and metrics, and nothing of the members', async () => {
  const { get } = routes();
  expect(
    await Promise.all(['/healthz', '/readyz', '/metrics', '/api/v1/status', '/api/v1/members'].map((path) => get('metrics', path))),
  ).toEqual(['ok\n', 'ok\n', '1', 'not found', 'not found']);
  expect(await Promise.all(['/healthz', '/readyz', '/metrics'].map((path) => get('status', path)))).toEqual(Array(3).fill('not found'));
});

test('M10: however often the status and the metrics are asked for, they are computed once a second', async () => {
  const { seen, get } = routes();
  for (const now of [0, 1, 500, 999, 1_000, 1_999]) {
    seen.now = now;
    for (let count = 0; count < 100; count += 1)
      await Promise.all([get('status', '/api/v1/status'), get('status', '/api/v1/members'), get('metrics', '/metrics')]);
  }
  expect(seen).toEqual({ status: 2, metrics: 2, now: 1_999, explained: 0 });
  expect(JSON.parse(await get('status', '/api/v1/status'))).toEqual(HEALTHY);
  expect(JSON.parse(await get('status', '/api/v1/members'))).toEqual({ members: HEALTHY.members });
});

test('M10: a status that cannot be computed is not tried over and over', async () => {
  const { seen, get } = routes(() => {
    throw new Error('a surprise');
  });
  for (let count = 0; count < 10; count += 1) await expect(get('status', '/api/v1/status')).rejects.toThrow('a surprise');
  expect(seen.status).toBe(1);
});

test('a member is forgotten by its name, unless that is none, nobody knows it, or it is declared', async () => {
  const { forget } = routes();
  expect(await Promise.all(['east', 'declared', 'nobody', 'no%2Fname', ''].map(forget))).toEqual([
    [200, { forgotten: 'east' }],
    [409, { error: 'declared by secret kilofed/x: delete that first' }],
    [404, { error: 'nobody knows a member nobody: kilofed status names those that there are' }],
    [400, { error: 'that is no name of a member' }],
    [400, { error: 'that is no name of a member' }],
  ]);
});

test('M10: a Service is explained once a second, twenty of them at most, and only if that is a name', async () => {
  const { seen, explain } = routes();
  for (let count = 0; count < 10; count += 1)
    expect(await explain('demo/web')).toEqual([
      200,
      { namespace: 'demo', name: 'web', works: true, exporters: [], importers: [], unseen: [] },
    ]);
  expect(seen.explained).toBe(1);
  for (let n = 1; n < 100; n += 1) await explain(`demo/web${n}`);
  expect([seen.explained, (await explain('demo/last'))[0], (await explain('demo/web'))[0]]).toEqual([20, 429, 200]);
  seen.now = 1_000;
  expect((await explain('demo/last'))[0]).toBe(200);
  for (const path of ['', 'demo', 'demo/web/x', 'demo/', '/web', 'demo/Web', 'demo/..', 'demo/%2e'])
    expect([path, (await explain(path))[0]]).toEqual([path, 400]);
  expect(seen.explained).toBe(21);
});

test.each<[string, Standby, object]>([
  ['names the active one', { active: 'default/kilofed-hub-7d9c-x2' }, { error: expect.any(String), active: 'kilofed-hub-7d9c-x2' }],
  ['says that it knows none', { active: undefined }, { error: expect.any(String) }],
])('a hub that stands by tells nothing of members, and %s', async (_what, standby, answer) => {
  const { get, explain, forget } = routes(undefined, () => standby);
  expect(JSON.parse(await get('status', '/api/v1/status'))).toEqual(answer);
  expect(JSON.parse(await get('status', '/api/v1/members'))).toEqual(answer);
  expect(await explain('demo/web')).toEqual([421, answer]);
  expect(await forget('gone')).toEqual([421, answer]);
  expect(await get('metrics', '/readyz')).toBe('ok\n');
});
