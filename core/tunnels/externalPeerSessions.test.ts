import { expect, test } from '@jest/globals';
import { countersWith, observationOf, peerOf, planWith, repairsOf } from '../../test/fakes/tunnels.js';
import type { NodePlan } from '../mesh/plan.js';
import { NEVER, type PeerCounters } from './check.js';
import { externalPeerSessions } from './externalPeerSessions.js';

/** External peers and a gateway; `count` paths to the laptop. */
function planOf(count: number): NodePlan {
  const paths = Array.from(
    { length: count },
    (_, slot) => ({ kind: 'node', node: `g${slot}`, slot, nexthop: slot, name: `node/g${slot}` }) as const,
  );
  return {
    ...planWith(peerOf('peer', 'laptop'), peerOf('peer', 'router', { endpoint: '203.0.113.1:51820' }), peerOf('gateway', 'west-0')),
    groups: [{ id: 1, name: 'laptop', segment: 'peer:laptop', externalPeer: true, paths, active: [0] }],
  };
}

/** Who is silent after these looks, at unix second `at`. */
function silentAfter(looks: readonly Readonly<Record<string, Partial<PeerCounters>>>[], at = 1000): readonly string[] {
  const observations = looks.map((look) => observationOf({ plan: planOf(2), counters: countersWith(look), at }));
  const reported = repairsOf(externalPeerSessions, observations).flat().at(-1);
  return reported?.kind === 'reportUnreachable' ? reported.segments : [];
}

test.each<[string, number, readonly (readonly [handshake: number, sentBytes: number])[], string[]]>([
  ['a laptop that never had a session is silent', 1000, [[0, 0]], ['peer:laptop']],
  ['one with a handshake 135 s ago is not', 1000, [[865, 0]], []],
  ['136 s ago it is too long', 1000, [[864, 0]], ['peer:laptop']],
])('%s', (_what, at, looks, expected) => {
  const counters = looks.map(([lastHandshake, sentBytes]) => ({
    'key of laptop': { lastHandshake, sentBytes },
    'key of router': { lastHandshake: at },
  }));
  expect(silentAfter(counters, at)).toEqual(expected);
});

test.each<[string, readonly (readonly [handshake: number, sentBytes: number])[], string[]]>([
  [
    'a router that nobody has tried to reach is not silent',
    [
      [0, 0],
      [0, 0],
      [0, 0],
    ],
    [],
  ],
  [
    'one that was only just tried is not yet',
    [
      [0, 0],
      [0, 148],
    ],
    [],
  ],
  [
    'one that does not answer is, from the next look on',
    [
      [0, 0],
      [0, 148],
      [0, 148],
    ],
    ['peer:router'],
  ],
  [
    'and stays so while nobody tries again',
    [
      [0, 0],
      [0, 148],
      [0, 148],
      [0, 148],
    ],
    ['peer:router'],
  ],
  [
    'until a handshake is made',
    [
      [0, 0],
      [0, 148],
      [0, 148],
      [999, 148],
    ],
    [],
  ],
  [
    'one that answered in time is not',
    [
      [0, 0],
      [0, 148],
      [999, 296],
    ],
    [],
  ],
  [
    'what was sent under an old handshake is no try',
    [
      [500, 9000],
      [500, 9000],
    ],
    [],
  ],
])('%s', (_what, looks, expected) => {
  const counters = looks.map(([lastHandshake, sentBytes]) => ({
    'key of laptop': { lastHandshake: 1000 },
    'key of router': { lastHandshake, sentBytes },
  }));
  expect(silentAfter(counters)).toEqual(expected);
});

test('where external peers have no other gateway, WireGuard is not asked, and nobody is silent any more', () => {
  const first = observationOf({ plan: planOf(2), counters: countersWith({}), now: 5 });
  const found = externalPeerSessions.check(externalPeerSessions.initial, first);
  expect(found).toMatchObject({ repairs: [{ kind: 'reportUnreachable', segments: ['peer:laptop'] }], next: 5 });
  expect(externalPeerSessions.check(found.state, observationOf({ plan: planOf(1) }))).toEqual({
    state: externalPeerSessions.initial,
    repairs: [{ kind: 'reportUnreachable', segments: [] }],
    next: NEVER,
  });
});

test('an interface that does not answer changes nothing', () => {
  const before = { silent: ['peer:laptop'], dialled: new Map() };
  expect(externalPeerSessions.check(before, observationOf({ plan: planOf(2), counters: new Map(), now: 5 }))).toEqual({
    state: before,
    repairs: [],
    next: 5,
  });
});
