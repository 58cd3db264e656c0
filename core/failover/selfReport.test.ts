import { describe, expect, test } from '@jest/globals';
import { createSelfReport, type SelfReport } from './selfReport.js';

const PACE = { periodMs: 150, failureThreshold: 3 };

function self(...peers: readonly string[]): SelfReport {
  const made = createSelfReport();
  made.setSegmentPeers(peers, PACE);
  return made;
}

describe('the LAN', () => {
  test.each<[string, readonly string[], string | undefined, number, boolean]>([
    ['is there where nothing ever came', ['a'], undefined, 10_000, false],
    ['is there while something comes', ['a'], 'a', 600, false],
    ['is lost when nothing has come for long', ['a'], 'a', 601, true],
    ['says nothing of nodes of other segments', ['a'], 'stranger', 10_000, false],
    ['cannot be lost where nobody else is in it', [], 'a', 10_000, false],
  ])('%s', (_what, peers, from, ...[now, lanLost]) => {
    const made = self(...peers);
    if (from !== undefined) made.onAlive(from, 0);
    expect(made.report(now).lanLost).toBe(lanLost);
  });

  test('is not lost by a pause of our own', () => {
    const made = self('a');
    made.onAlive('a', 0);
    made.extendDeadlines(5000);
    expect([5600, 5601].map((now) => made.report(now).lanLost)).toEqual([false, true]);
  });
});

describe('forwarding', () => {
  type Told = readonly [string, 'unknown' | 'yes' | 'no', number];
  test.each<[string, readonly Told[], number, boolean]>([
    ['is not doubted where nobody tells', [], 0, false],
    [
      'fails where all who tell say so',
      [
        ['a', 'no', 0],
        ['b', 'no', 0],
      ],
      0,
      true,
    ],
    [
      'works where one gets through',
      [
        ['a', 'no', 0],
        ['b', 'yes', 0],
      ],
      0,
      false,
    ],
    [
      'is judged by the last that each says',
      [
        ['a', 'no', 0],
        ['a', 'yes', 1],
      ],
      1,
      false,
    ],
    [
      'is not judged by who takes it back',
      [
        ['a', 'no', 0],
        ['a', 'unknown', 1],
      ],
      1,
      false,
    ],
    ['is judged by nodes of the own segment only', [['stranger', 'no', 0]], 0, false],
    [
      'is judged by what is not older than 2.5 s',
      [
        ['a', 'no', 0],
        ['b', 'yes', 0],
        ['a', 'no', 2000],
      ],
      2501,
      true,
    ],
    ['is forgotten after that', [['a', 'no', 0]], 2501, false],
  ])('%s', (_what, told, now, notForwarding) => {
    const made = self('a', 'b');
    for (const [key, verdict, at] of told) made.onVerdict(key, verdict, at);
    expect(made.report(now).notForwarding).toBe(notForwarding);
  });

  test('is not judged by nodes that have left the segment', () => {
    const made = self('a', 'b');
    made.onVerdict('a', 'no', 0);
    made.setSegmentPeers(['b'], PACE);
    expect(made.report(0).notForwarding).toBe(false);
  });
});

test('a change is told once', () => {
  const made = self('a');
  made.onAlive('a', 0);
  const steps: readonly (readonly [number, boolean | undefined])[] = [
    [0, undefined],
    [100, true],
    [200, true],
    [700, undefined],
    [800, undefined],
    [900, false],
  ];
  expect(
    steps.map(([now, draining]) => {
      if (draining !== undefined) made.setDraining(draining);
      return made.check(now);
    }),
  ).toEqual([false, true, false, true, false, true]);
});

test('it is used until nobody has said so for the time that is asked about', () => {
  const made = self();
  expect(made.isUsed(0, 3000)).toBe(false);
  made.onUsed(1000);
  expect([4000, 4001].map((now) => made.isUsed(now, 3000))).toEqual([true, false]);
});
