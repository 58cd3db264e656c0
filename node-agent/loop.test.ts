import { describe, expect, test } from '@jest/globals';
import { createInterruptiblePause } from '../core/runtime/pause.js';
import { createHandClock, SILENT, type HandClock } from '../test/host/handClock.js';
import type { PassResult } from './agent.js';
import { createLoop, type Loop } from './loop.js';

const MATCHED: PassResult = { kind: 'matched', changes: 0, published: true };
const FAILED: PassResult = { kind: 'failed', failures: ['nft: refused'], published: true };

interface Setting {
  readonly clock: HandClock;
  readonly loop: Loop;
  /** When passes began. */
  readonly passes: number[];
  readonly invalidations: number[];
  result: PassResult | Error;
  /** What happens during a pass. */
  during: () => void;
  request(): void;
  stop(): void;
}

function setting(result: PassResult | Error = MATCHED): Setting {
  const clock = createHandClock();
  const requests = createInterruptiblePause(clock);
  const stop = new AbortController();
  const self: Setting = {
    clock,
    passes: [],
    invalidations: [],
    result,
    during: () => undefined,
    request: () => requests.interrupt(),
    stop: () => stop.abort(),
    loop: createLoop({
      clock,
      random: () => 1,
      log: SILENT,
      metrics: { passed: () => undefined },
      requests,
      view: { invalidate: () => void self.invalidations.push(clock.now()) },
      agent: {
        pass() {
          self.passes.push(clock.now());
          self.during();
          return self.result instanceof Error ? Promise.reject(self.result) : Promise.resolve(self.result);
        },
      },
    }),
  };
  void self.loop.run(stop.signal);
  return self;
}

describe('passes', () => {
  test.each<[string, PassResult, number]>([
    ['half a minute after one that matched', MATCHED, 30_000],
    ['two seconds after one whose MeshNode was not published', { ...MATCHED, published: false }, 2000],
    ['half a minute after one that waits', { kind: 'waiting', reason: 'no Mesh', published: true }, 30_000],
    [
      'two seconds after one that waits for what no event announces',
      { kind: 'waiting', reason: 'Kilo', published: true, soon: true },
      2000,
    ],
  ])('come %s', async (_when, result, ms) => {
    const one = setting(result);
    await one.clock.advance(ms + 2);
    expect(one.passes).toEqual([0]);
    await one.clock.advance(1);
    expect(one.passes).toEqual([0, ms + 3]);
  });

  test('come a moment after a request, and one for requests that come together', async () => {
    const one = setting();
    await one.clock.advance(1000);
    one.request();
    await one.clock.advance(1);
    one.request();
    await one.clock.advance(1000);
    expect(one.passes).toEqual([0, 1003]);
  });

  test('come again after a request that came during one', async () => {
    const one = setting();
    await one.clock.advance(1000);
    one.during = () => {
      one.during = () => undefined;
      one.request();
    };
    one.request();
    await one.clock.advance(1000);
    expect(one.passes).toEqual([0, 1003, 1006]);
  });

  test('that fail come after ever longer pauses, whatever is requested, and read the host', async () => {
    const one = setting(FAILED);
    await one.clock.advance(100);
    one.request();
    await one.clock.advance(1700);
    expect(one.passes).toEqual([0, 253, 756, 1759]);
    expect(one.invalidations).toEqual(one.passes);
    one.result = MATCHED;
    await one.clock.advance(40_000);
    expect(one.passes.slice(4)).toEqual([3762, 33_765]);
  });

  test('that throw are passes that fail', async () => {
    const one = setting(new Error('no ip here'));
    await one.clock.advance(6000);
    expect(one.loop.health()).toEqual({ ok: false, text: 'failing: no ip here' });
  });

  test('end when they are told to', async () => {
    const one = setting();
    await one.clock.advance(10);
    one.stop();
    one.request();
    await one.clock.advance(60_000);
    expect(one.passes).toEqual([0]);
  });
});

test.each<[string, PassResult, number, { readonly ok: boolean; readonly text: string }]>([
  ['matched', MATCHED, 100, { ok: true, text: 'matched' }],
  ['waiting', { kind: 'waiting', reason: 'no Mesh', published: true }, 100, { ok: true, text: 'waiting: no Mesh' }],
  ['failing for a moment', FAILED, 4000, { ok: true, text: 'failed' }],
  ['failing for long', FAILED, 6000, { ok: false, text: 'failing: nft: refused' }],
])('health: %s', async (_what, result, ms, health) => {
  const one = setting(result);
  await one.clock.advance(ms);
  expect(one.loop.health()).toEqual(health);
});
