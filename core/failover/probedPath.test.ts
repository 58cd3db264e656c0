import { describe, expect, test } from '@jest/globals';
import { createProbedPath, type PathOptions, type ProbedPath } from './probedPath.js';

const OPTIONS: PathOptions = {
  pace: { periodMs: 400, failureThreshold: 4 },
  idleMs: 2000,
  ownMs: 1000,
  burstMs: 20,
  lateMs: () => 0,
  offsetMs: 100,
};

/** Answers take this long. */
const RTT_MS = 10;

interface Driven {
  readonly path: ProbedPath;
  /** When probes were sent. */
  readonly sent: number[];
  now(): number;
  run(ms: number, isAnswered: boolean | ((at: number) => boolean)): void;
}

function driven(options: Partial<PathOptions> = {}): Driven {
  const path = createProbedPath({ ...OPTIONS, ...options }, 0);
  const sent: number[] = [];
  const answers: { readonly nonce: number; readonly at: number }[] = [];
  let [now, nonce] = [0, 0];
  return {
    path,
    sent,
    now: () => now,
    run(ms, isAnswered) {
      for (const end = now + ms; now < end; now += 1) {
        while (answers[0] !== undefined && answers[0].at <= now) {
          path.answered(answers.shift()?.nonce ?? 0, now);
          path.check(now);
        }
        if (path.next() > now) continue;
        path.check(now);
        if (!path.isDue(now)) continue;
        nonce += 1;
        path.sent(nonce, now);
        sent.push(now);
        if (typeof isAnswered === 'boolean' ? isAnswered : isAnswered(now)) answers.push({ nonce, at: now + RTT_MS });
      }
    },
  };
}

const working = (): Driven => {
  const one = driven();
  one.run(3000, true);
  one.sent.length = 0;
  return one;
};

describe('the state of a path', () => {
  test('is new until the first answer', () => {
    const one = driven();
    one.run(100 + RTT_MS, true);
    expect([one.path.state(), one.path.answeredAt()]).toEqual(['new', Number.NEGATIVE_INFINITY]);
    one.run(1, true);
    expect([one.path.state(), one.path.since(), one.path.answeredAt(), one.path.backSince()]).toEqual(['up', 110, 110, undefined]);
  });

  test('is down after four probes without an answer, which follow each other at a quarter of the period', () => {
    const one = working();
    one.run(1500, false);
    const [first = 0, ...others] = one.sent;
    expect(one.path.state()).toBe('down');
    // The first is overdue after 50 ms, and the last after 50 ms more.
    expect(others.slice(0, 3).map((at) => at - first)).toEqual([150, 250, 350]);
    expect(one.path.since()).toBe(first + 400);
  });

  test('is up again after three answers in a row, which are asked for soon', () => {
    const one = working();
    one.run(3000, false);
    const from = one.now();
    one.sent.length = 0;
    one.run(1500, true);
    expect([one.path.state(), one.path.backSince()]).toEqual(['up', one.path.since()]);
    const [first = 0, second = 0, third = 0] = one.sent;
    expect([first - from <= 500, second - first, third - second]).toEqual([true, 200 + RTT_MS, 200 + RTT_MS]);
    expect(one.path.since()).toBe(third + RTT_MS);
  });

  test('stays what it is when fewer probes are lost', () => {
    const one = working();
    const from = one.now();
    one.run(5000, (at) => at > from + 600);
    expect([one.path.state(), one.path.silentSince(one.now())]).toEqual(['up', undefined]);
  });

  test('is not taken for down because this process was not running', () => {
    const one = working();
    one.run(350, false);
    one.path.extendDeadlines(2000);
    one.path.check(one.now() + 2000);
    expect(one.path.state()).toBe('up');
  });
});

describe('probes', () => {
  test.each([
    ['busy', 400],
    ['own', 1000],
    ['idle', 2000],
  ] as const)('of a path that is %s come every %d ms', (rate, ms) => {
    const one = working();
    one.path.setRate(rate, one.now());
    one.run(12_000, true);
    expect(
      new Set(
        one.sent
          .slice(1)
          .map((at, index) => at - (one.sent[index] ?? 0))
          .slice(1),
      ),
    ).toEqual(new Set([ms]));
  });

  test.each<[string, (path: ProbedPath, now: number) => void, readonly number[]]>([
    ['one at once, where the answer is needed', (path, now) => path.probeBy(now), [0]],
    ['one at once, where its answer decides', (path, now) => path.ask(now), [0]],
    [
      'and no other while that is under way',
      (path, now) => {
        path.sent(-1, now);
        path.ask(now + 10);
      },
      [],
    ],
    ['a burst, where somebody suspects it', (path, now) => path.burst(now), [0, 20, 40, 60]],
    ['none, where nothing is asked', () => undefined, []],
  ])('beside those: %s', (_what, act, expected) => {
    const one = working();
    one.path.setRate('idle', one.now());
    one.run(2000, true);
    one.sent.length = 0;
    one.run(100, true);
    const from = one.now();
    act(one.path, from);
    one.run(90, true);
    expect(one.sent.map((at) => at - from).filter((at) => at >= 0)).toEqual(expected);
  });

  test.each<[string, readonly boolean[], number]>([
    ['as rarely as on standby while the far end vouches', Array.from({ length: 20 }, () => true), 2],
    ['at the period where it never does', [], 10],
    ['in a burst when it no longer does', [true, false], 12],
  ])('are sent %s', (_what, vouches, most) => {
    const one = working();
    for (let step = 0; step < 20; step += 1) {
      const vouch = vouches[step];
      if (vouch !== undefined) one.path.onVouch(vouch, one.now());
      one.run(200, true);
    }
    expect(one.sent.length).toBeLessThanOrEqual(most + 1);
    expect(one.sent.length).toBeGreaterThanOrEqual(most - 1);
  });
});

test('figures: a smoothed round trip and the share of losses; and since when it is silent', () => {
  const one = working();
  expect(one.path.figures()).toMatchObject({ rttMs: RTT_MS, loss: 0 });
  one.run(5000, false);
  expect(one.sent.length).toBeGreaterThan(10);
  expect(one.path.silentSince(one.now())).toBe(one.sent[0]);
  one.run(600, true);
  expect(one.path.figures().loss).toBeGreaterThan(0.1);
});

test('a path is fresh for a moment after an answer', () => {
  const one = driven({ pace: { periodMs: 400, failureThreshold: 4 } });
  one.run(111, true);
  one.path.setRate('idle', 111);
  expect([111, 360, 361].map((now) => one.path.isFresh(now))).toEqual([true, true, false]);
});
