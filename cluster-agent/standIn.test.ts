import { expect, test } from '@jest/globals';
import type { Log } from '../core/runtime/log.js';
import type { HubWatch } from './hubWatch.js';
import { createStandIn } from './standIn.js';
import type { Reach } from './memberReach.js';

const REACH: Reach = new Map([['west', [{ allowedIPs: ['10.50.0.0/24'], reached: false }]]]);
const CHOOSING = ['demo/web', 'demo/db', ...Array.from({ length: 30 }, (_, index) => `demo/${index}`)];
const BACK: Reach = new Map([['west', [{ allowedIPs: ['10.50.0.0/24'], reached: true }]]]);
const SILENT: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined, with: () => SILENT };

function world() {
  let state: ReturnType<HubWatch['state']> = { kind: 'absent' };
  const kept: Reach[] = [];
  const asked: (readonly string[] | undefined)[] = [];
  const failures: string[][] = [];
  const stands: boolean[] = [];
  const standIn = createStandIn({
    hub: { state: () => state },
    keeper: {
      keep(reach, services) {
        kept.push(reach);
        asked.push(services);
        return Promise.resolve({ written: 1, failures: failures.shift() ?? [], ...(services === undefined && { choosing: CHOOSING }) });
      },
    },
    log: SILENT,
    metrics: { standsIn: (is) => stands.push(is) },
  });
  return {
    kept,
    asked,
    localChanged: (service: string) => standIn.localChanged(service),
    failures,
    stands,
    reconcile(next: typeof state, reach: Reach | undefined) {
      state = next;
      return standIn.reconcile(reach);
    },
  };
}

test('nothing is written while a hub is there, or where there is none', async () => {
  const { kept, reconcile } = world();
  expect(await reconcile({ kind: 'absent' }, REACH)).toEqual({ kind: 'done' });
  expect(await reconcile({ kind: 'present', forMs: 700 }, REACH)).toEqual({ kind: 'after', ms: 700 });
  expect(kept).toEqual([]);
});

test('each change is written once while the hub is away, and again when it goes the next time', async () => {
  const { kept, stands, reconcile } = world();
  expect(await reconcile({ kind: 'away' }, undefined)).toEqual({ kind: 'done' });
  for (const reach of [REACH, REACH, BACK, BACK]) expect(await reconcile({ kind: 'away' }, reach)).toEqual({ kind: 'done' });
  await reconcile({ kind: 'present', forMs: 700 }, REACH);
  await reconcile({ kind: 'away' }, REACH);
  expect(kept).toEqual([REACH, BACK, REACH]);
  expect(stands).toEqual([true, false, true]);
});

test('what fails is tried again', async () => {
  const { kept, failures, reconcile } = world();
  failures.push(['no']);
  expect(await reconcile({ kind: 'away' }, REACH)).toEqual({ kind: 'after', ms: 2_000 });
  expect(await reconcile({ kind: 'away' }, REACH)).toEqual({ kind: 'done' });
  expect(kept).toEqual([REACH, REACH]);
});

test('while the hub is away, a Service whose own endpoints change is looked at alone, and again if that fails', async () => {
  const { asked, failures, localChanged, reconcile } = world();
  expect(localChanged('demo/before')).toBe(false);
  await reconcile({ kind: 'away' }, REACH);
  expect([localChanged('demo/web'), localChanged('demo/other')]).toEqual([true, false]);
  failures.push(['no']);
  expect(await reconcile({ kind: 'away' }, REACH)).toEqual({ kind: 'after', ms: 2_000 });
  localChanged('demo/db');
  for (const reach of [REACH, REACH, BACK]) await reconcile({ kind: 'away' }, reach);
  expect(asked).toEqual([undefined, ['demo/web'], ['demo/web', 'demo/db'], undefined]);
});

test('very many are looked at together', async () => {
  const { asked, localChanged, reconcile } = world();
  await reconcile({ kind: 'away' }, REACH);
  for (let index = 0; index < 30; index += 1) localChanged(`demo/${index}`);
  await reconcile({ kind: 'away' }, REACH);
  expect(asked).toEqual([undefined, undefined]);
});
