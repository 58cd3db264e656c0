import { describe, expect, test } from '@jest/globals';
import type { FailureFacts } from '../../core/reports/linkReason.js';
import { type FailingLink, isFailing, plannedLinks } from '../../core/reports/seenLinks.js';
import type { PeerCounters } from '../../core/tunnels/check.js';
import { countersWith, peerOf, planWith, statusOf } from '../../test/fakes/tunnels.js';
import { createHandClock, type HandClock } from '../../test/host/handClock.js';
import type { Heard } from '../probe/prober.js';
import { createEvidence } from './evidence.js';

interface World {
  readonly clock: HandClock;
  counters: Partial<PeerCounters>;
  /** Whether the far host answers; undefined: it takes longer than anybody waits. */
  answers: boolean | undefined;
  heard: Heard | undefined;
  /** Seconds at which WireGuard was asked, and at which the host was. */
  readonly asked: number[];
  readonly knocked: number[];
  /** What is found after so many seconds of failure, with a look each second. */
  after(seconds: number): Promise<FailureFacts>;
}

function failing(forMs: number): FailingLink {
  const [link] = plannedLinks(planWith(peerOf('gateway', 'far')), [statusOf('tunnel', 'far', 'down', forMs)]).filter(isFailing);
  if (link === undefined) throw new Error('it does not fail');
  return link;
}

function world(): World {
  const clock = createHandClock();
  let failedAt: number | undefined;
  const evidence = createEvidence({
    clock,
    host: {
      async tunnels() {
        one.asked.push(Math.round(clock.now() / 1000));
        return countersWith({ 'key of far': one.counters });
      },
    },
    knock(address) {
      expect(address).toBe('10.4.0.2');
      one.knocked.push(Math.round(clock.now() / 1000));
      return one.answers === undefined ? new Promise(() => undefined) : Promise.resolve(one.answers);
    },
    heard: () => one.heard,
  });
  const one: World = {
    clock,
    counters: {},
    answers: false,
    heard: undefined,
    asked: [],
    knocked: [],
    async after(seconds) {
      failedAt ??= clock.now();
      for (;;) {
        const forMs = clock.now() - failedAt;
        const gathered = evidence.gather([failing(forMs)]);
        await clock.advance(300);
        await gathered;
        if (forMs >= seconds * 1000) return evidence.factsOf(failing(forMs + 300));
        await clock.advance(1000 - ((clock.now() - failedAt) % 1000));
      }
    },
  };
  return one;
}

describe('what is found', () => {
  test('at once, where everything answers', async () => {
    const far = world();
    far.answers = true;
    far.counters = { lastHandshake: 1_700_000_000 - 20 };
    expect(await far.after(0)).toEqual({
      hasEndpoint: true,
      hostAnswered: true,
      counted: { everHandshake: true, handshake: false, received: false, session: true },
    });
  });

  test('nothing, where nothing answers, without waiting long', async () => {
    const far = world();
    far.answers = undefined;
    expect(await far.after(1)).toMatchObject({ hostAnswered: false, counted: { everHandshake: false } });
    expect(far.clock.now()).toBeLessThan(1500);
  });

  test('that something is received since, and that it no longer is', async () => {
    const far = world();
    far.counters = { receivedBytes: 1000, lastHandshake: 1 };
    expect((await far.after(0)).counted).toEqual({ everHandshake: true, handshake: false, received: false, session: false });
    far.counters = { receivedBytes: 1032, lastHandshake: 1 };
    expect((await far.after(2)).counted?.received).toBe(true);
    expect((await far.after(30)).counted?.received).toBe(true);
    expect((await far.after(60)).counted?.received).toBe(false);
  });

  test('that the far agent was heard since, and by which way', async () => {
    const far = world();
    await far.clock.advance(5000);
    far.heard = { at: 4900, byPlane: new Map([[0, 4900]]) };
    expect((await far.after(1)).agentHeard).toBeUndefined();
    far.heard = { at: 6500, byPlane: new Map([[0, 4900]]) };
    expect((await far.after(2)).agentHeard).toBe('otherwise');
    far.heard = { at: 7000, byPlane: new Map([[1, 7000]]) };
    expect((await far.after(3)).agentHeard).toBe('otherwise');
    far.heard = { at: 7500, byPlane: new Map([[0, 7500]]) };
    expect((await far.after(4)).agentHeard).toBe('by this tunnel');
    expect((await far.after(50)).agentHeard).toBeUndefined();
  });
});

test('asks often at first, and then rarely', async () => {
  const far = world();
  await far.after(100);
  expect(far.asked.filter((second) => second < 20)).toHaveLength(10);
  expect(far.knocked.filter((second) => second < 20)).toHaveLength(10);
  expect(far.asked.filter((second) => second >= 20).length).toBeLessThan(8);
  expect(far.knocked.filter((second) => second >= 20).length).toBeLessThan(8);
});

test('asks nobody while nothing fails, and few at once where very much fails', async () => {
  const clock = createHandClock();
  let asked = 0;
  let knocked = 0;
  const evidence = createEvidence({
    clock,
    host: {
      async tunnels() {
        asked += 1;
        return new Map();
      },
    },
    async knock() {
      knocked += 1;
      return false;
    },
    heard: () => undefined,
  });
  await evidence.gather([]);
  expect([asked, knocked]).toEqual([0, 0]);
  const names = Array.from({ length: 500 }, (_, index) => `far-${index}`);
  const links = plannedLinks(
    planWith(...names.map((name) => peerOf('gateway', name))),
    names.map((name) => statusOf('tunnel', name, 'down', 0)),
  ).filter(isFailing);
  await evidence.gather(links);
  expect(asked).toBe(1);
  expect(knocked).toBe(32);
});
