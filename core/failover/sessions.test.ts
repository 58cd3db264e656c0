import { expect, test } from '@jest/globals';
import { emptyPlan } from '../host/emptyPlan.js';
import type { WireguardPeer } from '../mesh/plan.js';
import { lookAtSessions, NO_SESSIONS } from './sessions.js';

const peer = (owner: string, endpoint?: string): WireguardPeer => ({ publicKey: `key of ${owner}`, persistentKeepalive: 0, allowedIPs: [], owner, ...(endpoint === undefined ? {} : { endpoint }) });
const plan = { ...emptyPlan('a'), interfaces: [{ name: 'kilo0', plane: 0, listenPort: 51820, mtu: 1420, peers: [peer('peer laptop'), peer('peer router', '203.0.113.1:51820'), peer('gateway west-0')] }] };

test.each<[string, number, readonly (readonly [handshake: number, sentBytes: number])[], string[]]>([
  ['a laptop that never spoke is silent', 1000, [[0, 0]], ['peer:laptop']],
  ['one that did 135 s ago is not', 1000, [[865, 0]], []],
  ['136 s ago it is too long', 1000, [[864, 0]], ['peer:laptop']],
])('%s', (_what, at, looks, expected) => {
  const states = looks.map(([lastHandshake, sentBytes]) => new Map([['kilo0', { peers: new Map([['key of peer laptop', { lastHandshake, sentBytes }], ['key of peer router', { lastHandshake: at, sentBytes: 0 }]]) }]]));
  expect(states.reduce((before, tunnels) => lookAtSessions(plan, tunnels, before, at), NO_SESSIONS).silent).toEqual(expected);
});

test.each<[string, readonly (readonly [handshake: number, sentBytes: number])[], string[]]>([
  ['a router that nobody has tried to reach is not silent', [[0, 0], [0, 0], [0, 0]], []],
  ['one that was only just tried is not yet', [[0, 0], [0, 148]], []],
  ['one that does not answer is, from the next look on', [[0, 0], [0, 148], [0, 148]], ['peer:router']],
  ['and stays so while nobody tries again', [[0, 0], [0, 148], [0, 148], [0, 148]], ['peer:router']],
  ['until a handshake is made', [[0, 0], [0, 148], [0, 148], [999, 148]], []],
  ['one that answered in time is not', [[0, 0], [0, 148], [999, 296]], []],
  ['what was sent under an old handshake is no try', [[500, 9000], [500, 9000]], []],
])('%s', (_what, looks, expected) => {
  const states = looks.map(([lastHandshake, sentBytes]) => new Map([['kilo0', { peers: new Map([['key of peer laptop', { lastHandshake: 1000, sentBytes: 0 }], ['key of peer router', { lastHandshake, sentBytes }]]) }]]));
  expect(states.reduce((before, tunnels) => lookAtSessions(plan, tunnels, before, 1000), NO_SESSIONS).silent).toEqual(expected);
});
