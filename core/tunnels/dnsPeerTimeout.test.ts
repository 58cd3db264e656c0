import { expect, test } from '@jest/globals';
import { countersWith, observationOf, peerOf, planWith, repairsOf } from '../../test/fakes/tunnels.js';
import type { WireguardPeer } from '../mesh/plan.js';
import { NEVER } from './check.js';
import { dnsPeerTimeout } from './dnsPeerTimeout.js';

const RESOLVED = { 'router.example': '203.0.113.1', 'router6.example': 'fd00::1' };

test.each<[string, WireguardPeer, boolean]>([
  ['a router whose name leads there', peerOf('peer', 'router', { endpoint: '203.0.113.1:51820' }), true],
  ['in IPv6', peerOf('peer', 'router', { endpoint: '[fd00::1]:51820' }), true],
  ['one at an address to which no name leads', peerOf('peer', 'router', { endpoint: '203.0.113.2:51820' }), false],
  ['a laptop that dials in', peerOf('peer', 'laptop'), false],
  ['a gateway, which is probed', peerOf('gateway', 'west-0', { endpoint: '203.0.113.1:51820' }), false],
])('whether WireGuard is asked about %s', (_who, one, expected) => {
  const observation = observationOf({ plan: planWith(one), resolved: RESOLVED, now: 7000 });
  expect(dnsPeerTimeout.check(dnsPeerTimeout.initial, observation).next).toBe(expected ? 7000 : NEVER);
});

/** Looks two seconds apart, at bytes received and sent; the seconds of those after which names are resolved. */
test.each<[string, readonly (readonly [receivedBytes: number, sentBytes: number])[], number[]]>([
  ['one that is idle', Array.from({ length: 20 }, () => [500, 500]), []],
  ['one that answers', Array.from({ length: 20 }, (_, look) => [look * 100, look * 100]), []],
  [
    'one that has nothing to say but that it lives',
    Array.from({ length: 20 }, (_, look) => [500 + 32 * Math.floor(look / 5), look * 100]),
    [],
  ],
  [
    'one that answers no more: once, twelve seconds after it was first sent to',
    Array.from({ length: 30 }, (_, look) => [500, look <= 5 ? 500 : look * 100]),
    [24],
  ],
  ['and again, when it has come and gone', Array.from({ length: 24 }, (_, look) => [look < 12 ? 500 : 600, look * 100]), [14, 38]],
])('%s', (_what, looks, expected) => {
  const plan = planWith(peerOf('peer', 'router', { endpoint: '203.0.113.1:51820' }));
  const observations = looks.map(([receivedBytes, sentBytes], look) =>
    observationOf({
      plan,
      resolved: RESOLVED,
      counters: countersWith({ 'key of router': { receivedBytes, sentBytes } }),
      now: look * 2000,
    }),
  );
  const repairs = repairsOf(dnsPeerTimeout, observations).flatMap((some, look) => some.map(({ kind }) => `${look * 2} ${kind}`));
  expect(repairs).toEqual(expected.map((second) => `${second} resolveNames`));
});
