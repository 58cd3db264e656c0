import { expect, test } from '@jest/globals';
import { emptyPlan } from '../host/emptyPlan.js';
import type { WireguardPeer } from '../mesh/plan.js';
import { silentPeople } from './sessions.js';

const peer = (owner: string, endpoint?: string): WireguardPeer => ({ publicKey: `key of ${owner}`, persistentKeepalive: 0, allowedIPs: [], owner, ...(endpoint === undefined ? {} : { endpoint }) });
const plan = { ...emptyPlan('a'), interfaces: [{ name: 'kilo0', plane: 0, listenPort: 51820, mtu: 1420, peers: [peer('peer laptop'), peer('peer router', '203.0.113.1:51820'), peer('gateway west-0')] }] };

test.each([
  ['never', 0, ['peer:laptop']],
  ['135 seconds ago', 865, []],
  ['136 seconds ago', 864, ['peer:laptop']],
])('a laptop whose last handshake was %s', (_when, handshake, expected) => {
  expect(silentPeople(plan, new Map([['kilo0', new Map([['key of peer laptop', handshake]])]]), 1000)).toEqual(expected);
});
