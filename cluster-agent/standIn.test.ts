import { expect, test } from '@jest/globals';
import type { Log } from '../core/runtime/log.js';
import type { HubWatch } from './hubWatch.js';
import { createStandIn } from './standIn.js';
import type { Reach } from './memberReach.js';

const REACH: Reach = new Map([['west', [{ allowedIPs: ['10.50.0.0/24'], reached: false }]]]);
const BACK: Reach = new Map([['west', [{ allowedIPs: ['10.50.0.0/24'], reached: true }]]]);
const SILENT: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined, with: () => SILENT };

function world() {
  let state: ReturnType<HubWatch['state']> = { kind: 'absent' };
  const kept: Reach[] = [];
  const failures: string[][] = [];
  const stands: boolean[] = [];
  const standIn = createStandIn({
    hub: { state: () => state },
    keeper: {
      keep(reach) {
        kept.push(reach);
        return Promise.resolve({ written: 1, failures: failures.shift() ?? [] });
      },
    },
    log: SILENT,
    metrics: { standsIn: (is) => stands.push(is) },
  });
  return {
    kept,
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
