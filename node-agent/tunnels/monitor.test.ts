import { describe, expect, test } from '@jest/globals';
import { emptyPlan } from '../../core/host/emptyPlan.js';
import type { NodePlan } from '../../core/mesh/plan.js';
import { NEVER, type PeerCounters, type RunningCheck, start, type TunnelCheck } from '../../core/tunnels/check.js';
import { dnsPeerTimeout } from '../../core/tunnels/dnsPeerTimeout.js';
import { endpointCandidates } from '../../core/tunnels/endpointCandidates.js';
import type { TunnelRepair } from '../../core/tunnels/repair.js';
import { roamedEndpoints } from '../../core/tunnels/roamedEndpoints.js';
import { countersWith, peerOf, planWith, statusOf } from '../../test/fakes/tunnels.js';
import { createHandClock, type HandClock, SILENT } from '../../test/host/handClock.js';
import { runTunnelMonitor, type TunnelFacts } from './monitor.js';

interface Watched {
  /** Seconds in which WireGuard was asked. */
  readonly asked: number[];
  readonly repairs: { readonly second: number; readonly repair: TunnelRepair }[];
  readonly errors: string[];
}

interface World {
  /** Undefined: there is no plan. */
  facts(clock: HandClock): Partial<TunnelFacts> | undefined;
  /** Of each peer in the plan. */
  counters?(clock: HandClock): Partial<PeerCounters>;
  repair?(repair: TunnelRepair): void;
}

/** What `checks` come to in so many seconds. */
async function watched(seconds: number, checks: readonly RunningCheck[], world: World): Promise<Watched> {
  const clock = createHandClock();
  const stop = new AbortController();
  const result: Watched = { asked: [], repairs: [], errors: [] };
  const running = runTunnelMonitor(
    {
      clock,
      log: { ...SILENT, error: (message) => void result.errors.push(message) },
      host: {
        async tunnels() {
          result.asked.push(clock.now() / 1000);
          const keys = world.facts(clock)?.plan?.interfaces.flatMap(({ peers }) => peers.map(({ publicKey }) => publicKey)) ?? [];
          return countersWith(Object.fromEntries(keys.map((key) => [key, world.counters?.(clock) ?? {}])));
        },
      },
      facts() {
        const facts = world.facts(clock);
        return facts && { plan: emptyPlan('a'), paths: [], choices: new Map(), resolved: {}, ...facts };
      },
      async repair(repair) {
        result.repairs.push({ second: clock.now() / 1000, repair });
        world.repair?.(repair);
      },
    },
    checks,
    stop.signal,
  );
  await clock.advance(seconds * 1000);
  stop.abort();
  await running;
  return result;
}

describe('the monitor', () => {
  /** Wants counters until second 4, and tells by a repair when it has seen some. */
  const until4 = (name: string): TunnelCheck<null> => ({
    initial: null,
    check: (state, { counters, now }) => ({
      state,
      repairs: counters === undefined ? [] : [{ kind: 'reportUnreachable', segments: [name] }],
      next: now > 4000 ? NEVER : now,
    }),
  });

  test('asks WireGuard once for all checks, every two seconds, and not where none wants to know', async () => {
    const { asked, repairs } = await watched(7, [start(until4('a')), start(until4('b'))], { facts: () => ({}) });
    expect(asked).toEqual([2, 4]);
    expect(
      repairs.map(({ second, repair }) => `${repair.kind === 'reportUnreachable' ? repair.segments.join() : ''} ${second * 1000}`),
    ).toEqual(['a 2000', 'b 2000', 'a 4000', 'b 4000']);
  });

  test('waits for a plan', async () => {
    const { asked, repairs } = await watched(7, [start(until4('a'))], { facts: ({ now }) => (now() < 3000 ? undefined : {}) });
    expect([asked, repairs.map(({ second }) => second)]).toEqual([[4], [4]]);
  });

  test('goes on after a check or a repair that failed, with what else there is', async () => {
    const failing: RunningCheck = {
      run({ now }) {
        if (now === 3000) throw new Error('a check that has a bug');
        return { state: failing, repairs: [{ kind: 'resolveNames' }, { kind: 'publishEndpoints' }], next: NEVER };
      },
    };
    const { repairs, errors } = await watched(4, [failing], {
      facts: () => ({}),
      repair({ kind }) {
        if (kind === 'resolveNames') throw new Error('no names');
      },
    });
    expect(repairs.map(({ second, repair }) => `${second} ${repair.kind}`)).toEqual(
      [1, 2, 4].flatMap((second) => [`${second} resolveNames`, `${second} publishEndpoints`]),
    );
    expect(errors).toEqual([
      'A tunnel repair failed',
      'A tunnel repair failed',
      'The tunnels could not be checked',
      'A tunnel repair failed',
    ]);
  });
});

const CONFIGURED = '192.168.1.5:51820';
const OUTSIDE = '203.0.113.9:41820';

function planOf(observed?: readonly string[]): NodePlan {
  const peer = peerOf('gateway', 'far', { endpoint: CONFIGURED, ...(observed === undefined ? {} : { observedEndpoints: observed }) });
  return { ...planWith(peer), role: { kind: 'gateway', slot: 0 } };
}

describe('a tunnel that fails for ever', () => {
  /** Seconds in which WireGuard was asked, and endpoints that were written. `since`: when others first observe its far end. */
  async function failing(
    seconds: number,
    since: number,
  ): Promise<{ readonly asked: readonly number[]; readonly written: readonly string[] }> {
    let endpoint = CONFIGURED;
    const { asked, repairs } = await watched(seconds, [start(endpointCandidates)], {
      facts: ({ now }) => ({
        plan: planOf(now() < since * 1000 ? undefined : [OUTSIDE]),
        paths: [statusOf('tunnel', 'far', 'down', now())],
      }),
      counters: () => ({ endpoint }),
      repair(repair) {
        endpoint = repair.kind === 'tryCandidate' ? repair.endpoint : CONFIGURED;
      },
    });
    const written = repairs.map(({ second, repair }) => `${second} ${repair.kind === 'tryCandidate' ? repair.endpoint : CONFIGURED}`);
    return { asked, written };
  }

  test('is tried elsewhere as soon as others observe its far end, however long it has failed', async () => {
    const { asked, written } = await failing(640, 600);
    expect(asked[0]).toBe(600);
    expect(written).toEqual([`602 ${OUTSIDE}`, `632 ${CONFIGURED}`]);
  });

  test('is looked at less often after a minute, when turns take half a minute', async () => {
    const { asked, written } = await failing(600, 0);
    expect(written.slice(0, 4)).toEqual([`4 ${OUTSIDE}`, `16 ${CONFIGURED}`, `28 ${OUTSIDE}`, `40 ${CONFIGURED}`]);
    const late = written.map((text) => Number(text.split(' ')[0])).filter((second) => second > 200);
    expect(new Set(late.map((second, index) => second - (late[index - 1] ?? second)).slice(1))).toEqual(new Set([30]));
    expect(asked.length).toBeLessThan(60);
  });
});

test('a tunnel that comes up is looked at, and every ten seconds while its endpoint has roamed; that is published once', async () => {
  const observed = async (endpoint: string): Promise<{ readonly asked: number; readonly published: number }> => {
    const { asked, repairs } = await watched(60, [start(roamedEndpoints)], {
      facts: ({ now }) => ({ plan: planOf(), paths: [statusOf('tunnel', 'far', now() < 7000 ? 'new' : 'up', 0)] }),
      counters: ({ wall }) => ({ endpoint, lastHandshake: wall() / 1000 - 1 }),
    });
    return { asked: asked.length, published: repairs.filter(({ repair }) => repair.kind === 'publishEndpoints').length };
  };
  expect(await observed(OUTSIDE)).toEqual({ asked: 6, published: 1 });
  expect(await observed(CONFIGURED)).toEqual({ asked: 1, published: 0 });
});

describe('a router whose name leads to its endpoint', () => {
  /** It is sent to all the time, and falls silent in second 20. When WireGuard was asked, and when names were resolved again. */
  async function resolving(
    resolved: Readonly<Record<string, string>>,
  ): Promise<{ readonly asked: number; readonly gone: readonly number[] }> {
    const router = peerOf('peer', 'router', { endpoint: '203.0.113.1:51820' });
    const { asked, repairs } = await watched(60, [start(dnsPeerTimeout)], {
      facts: () => ({ plan: planWith(router), resolved }),
      counters: ({ now }) => ({ lastHandshake: 1, receivedBytes: Math.min(now(), 20_000), sentBytes: now() }),
    });
    return { asked: asked.length, gone: repairs.filter(({ repair }) => repair.kind === 'resolveNames').map(({ second }) => second) };
  }

  test('is resolved again once it answers no more', async () => {
    expect(await resolving({ 'router.example': '203.0.113.1' })).toEqual({ asked: 30, gone: [34] });
  });

  test('costs no question to WireGuard where no name leads there', async () => {
    expect(await resolving({ 'other.example': '203.0.113.9' })).toEqual({ asked: 0, gone: [] });
  });
});
