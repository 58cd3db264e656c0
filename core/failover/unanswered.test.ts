import { expect, test } from '@jest/globals';
import { emptyPlan } from '../host/emptyPlan.js';
import type { WireguardPeer } from '../mesh/plan.js';
import { hasNamed, lookForUnanswered, type Tries } from './unanswered.js';

const peer = (owner: string, endpoint?: string): WireguardPeer => ({ publicKey: `key of ${owner}`, persistentKeepalive: 0, allowedIPs: [], owner, ...(endpoint === undefined ? {} : { endpoint }) });
const planOf = (...peers: readonly WireguardPeer[]): ReturnType<typeof emptyPlan> => ({ ...emptyPlan('a'), interfaces: [{ name: 'kilo0', plane: 0, listenPort: 51820, mtu: 1420, peers }] });
const NAMED = new Set(['203.0.113.1', 'fd00::1']);

test.each<[string, WireguardPeer, boolean]>([
  ['a router whose name leads there', peer('peer router', '203.0.113.1:51820'), true],
  ['in IPv6', peer('peer router', '[fd00::1]:51820'), true],
  ['one at an address to which no name leads', peer('peer router', '203.0.113.2:51820'), false],
  ['a laptop that dials in', peer('peer laptop'), false],
  ['a gateway, which is probed', peer('gateway west-0', '203.0.113.1:51820'), false],
])('is there anybody to look at: %s', (_who, one, expected) => {
  expect(hasNamed(planOf(one), NAMED)).toBe(expected);
});

/** Looks two seconds apart, at bytes received and sent; the seconds of those at which somebody was found gone. */
test.each<[string, readonly (readonly [receivedBytes: number, sentBytes: number])[], number[]]>([
  ['one that is idle', Array.from({ length: 20 }, () => [500, 500]), []],
  ['one that answers', Array.from({ length: 20 }, (_, look) => [look * 100, look * 100]), []],
  ['one that has nothing to say but that it lives', Array.from({ length: 20 }, (_, look) => [500 + 32 * Math.floor(look / 5), look * 100]), []],
  ['one that answers no more: once, twelve seconds after it was first sent to', Array.from({ length: 30 }, (_, look) => [500, look <= 5 ? 500 : look * 100]), [24]],
  ['and again, when it has come and gone', Array.from({ length: 24 }, (_, look) => [look < 12 ? 500 : 600, look * 100]), [14, 38]],
])('%s', (_what, looks, expected) => {
  let before: Tries = new Map();
  const gone = looks.flatMap(([receivedBytes, sentBytes], look) => {
    const tunnels = new Map([['kilo0', { peers: new Map([['key of peer router', { receivedBytes, sentBytes }]]) }]]);
    const looked = lookForUnanswered({ plan: planOf(peer('peer router', '203.0.113.1:51820')), addresses: NAMED, tunnels, before, at: 1000 + look * 2 });
    before = looked.tries;
    return looked.isNew ? [look * 2] : [];
  });
  expect(gone).toEqual(expected);
});
