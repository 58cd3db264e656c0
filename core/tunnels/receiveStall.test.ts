import { expect, test } from '@jest/globals';
import type { PathStatus } from '../failover/effects.js';
import type { PathState } from '../failover/probedPath.js';
import { observationOf, repairsOf, statusOf } from '../../test/fakes/tunnels.js';
import type { TunnelObservation } from './check.js';
import { receiveStall } from './receiveStall.js';
import type { TunnelRepair } from './repair.js';

/** Plane 0 to `far`, since `forMs`; and what answers by the alternate path. */
function paths(tunnel: PathState, forMs: number, alternate: PathState): PathStatus[] {
  return [statusOf('tunnel', 'far', tunnel, forMs), statusOf('alternate', 'far', alternate, forMs)];
}

const OTHER = new Map([['far', ['plane/1']]]);
const PEER: TunnelRepair = { kind: 'recreatePeer', plane: 0, publicKey: 'key of far' };

/** One look each second; the second of each repair, and its kind. */
function story(
  seconds: number,
  at: (second: number) => readonly PathStatus[],
  choices: TunnelObservation['choices'] = OTHER,
): readonly string[] {
  const observations = Array.from({ length: seconds }, (_, second) => observationOf({ paths: at(second), choices, now: second * 1000 }));
  return repairsOf(receiveStall, observations).flatMap((repairs, second) => repairs.map(({ kind }) => `${second} ${kind}`));
}

test.each([
  ['stalled for three seconds', paths('down', 3000, 'up'), OTHER, [PEER]],
  ['stalled for less', paths('down', 2999, 'up'), OTHER, []],
  ['a far gateway that is dead', paths('down', 9000, 'down'), OTHER, []],
  ['one that never answered', paths('down', 9000, 'new'), OTHER, []],
  ['a tunnel that works', paths('up', 9000, 'up'), OTHER, []],
  ['one that carries traffic: whatever answered came by itself', paths('down', 9000, 'up'), new Map([['far', ['plane/0']]]), []],
])('%s', (_name, status, choices, expected) => {
  expect(repairsOf(receiveStall, [observationOf({ paths: status, choices, now: 10_000 })])).toEqual([expected]);
});

test('first the peer, after ten seconds the interface, then nothing for five minutes', () => {
  expect(story(700, (second) => paths('down', 3000 + second * 1000, 'up'))).toEqual([
    '0 recreatePeer',
    '10 recreateInterface',
    '310 recreatePeer',
    '320 recreateInterface',
    '620 recreatePeer',
    '630 recreateInterface',
  ]);
});

test('never an interface that carries traffic', () => {
  const choices = new Map([...OTHER, ['near', ['plane/0']]]);
  expect(story(400, () => paths('down', 3000, 'up'), choices)).toEqual([
    '0 recreatePeer',
    '10 recreatePeer',
    '310 recreatePeer',
    '320 recreatePeer',
  ]);
});

test('one that recovers and fails again starts with the peer, a minute later', () => {
  expect(story(100, (second) => (second >= 5 && second < 20 ? paths('up', 5000, 'up') : paths('down', 3000, 'up')))).toEqual([
    '0 recreatePeer',
    '60 recreatePeer',
    '70 recreateInterface',
  ]);
});
