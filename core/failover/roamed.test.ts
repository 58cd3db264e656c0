import { describe, expect, test } from '@jest/globals';
import { emptyPlan } from '../host/emptyPlan.js';
import type { PathStatus } from './failover.js';
import type { PathState } from './path.js';
import { lookForRoamed, mayHaveRoamed, type Silences } from './roamed.js';

const WANTED = '192.0.2.1:51820';
const ROAMED = '198.51.100.7:4242';
const KEY = 'key of west-0';

function paths(state: PathState, forMs = 1000): PathStatus[] {
  const targets = [{ name: 'west-0', publicKey: KEY, address: '10.4.0.2', segment: 'west' }];
  return [{ path: { name: 'tunnel/0/west', kind: 'tunnel', slot: 0, segment: 'west', from: 1, targets }, state, inUse: true, forMs, loss: 0, misses: 0 }];
}

/** What WireGuard says. */
type Look = readonly [endpoint: string | undefined, receivedBytes: number];

/** Looks two seconds apart; seconds of those in which the endpoint was to be written. */
function story(looks: readonly Look[], { wanted = WANTED, state = 'down' }: { readonly wanted?: string | null; readonly state?: PathState } = {}): number[] {
  const peer = { publicKey: KEY, persistentKeepalive: 0, allowedIPs: [], owner: 'gateway west-0', ...(wanted === null ? {} : { endpoint: wanted }) };
  const plan = { ...emptyPlan('a'), interfaces: [{ name: 'kilo0', plane: 0, listenPort: 51820, mtu: 1420, peers: [peer] }] };
  let before: Silences = new Map();
  return looks.flatMap(([endpoint, receivedBytes], index) => {
    const tunnels = new Map([['kilo0', { peers: new Map([[KEY, { receivedBytes, ...(endpoint === undefined ? {} : { endpoint }) }]]) }]]);
    const looked = lookForRoamed({ plan, paths: paths(state), tunnels, before, now: index * 2000 });
    before = looked.silences;
    return looked.healings.length === 0 ? [] : [index * 2];
  });
}

const often = (count: number, ...look: Look): Look[] => Array.from({ length: count }, () => look);

test.each<[string, { readonly looks: readonly Look[]; readonly with?: Parameters<typeof story>[1]; readonly written?: readonly number[] }]>([
  ['written after twelve seconds without a byte from there', { looks: often(7, ROAMED, 500), written: [12] }],
  ['not while anything comes, as it does every ten seconds where only the agent is gone', { looks: [...often(5, ROAMED, 500), ...often(5, ROAMED, 532), ...often(5, ROAMED, 564)] }],
  ['nor while the tunnel works', { looks: often(20, ROAMED, 500), with: { state: 'up' } }],
  ['nor before it was ever heard', { looks: often(20, ROAMED, 0), with: { state: 'new' } }],
  ['nor where it is as wanted', { looks: often(20, WANTED, 500) }],
  ['in whatever spelling', { looks: often(20, '[fd00::1]:51820', 500), with: { wanted: '[fd00:0::1]:51820' } }],
  ['nor where none is wanted', { looks: often(20, ROAMED, 500), with: { wanted: null } }],
  ['nor where WireGuard has none, which is another matter', { looks: often(20, undefined, 500) }],
  ['once: then it is as wanted, until somebody is heard from elsewhere', { looks: [...often(7, ROAMED, 500), ...often(9, WANTED, 500), ...often(6, ROAMED, 600)], written: [12] }],
])('%s', (_what, { looks, with: options, written = [] }) => {
  expect(story(looks, options)).toEqual(written);
});

describe('whether to look at all', () => {
  test.each<[string, PathStatus[], boolean]>([
    ['a tunnel fails', paths('down'), true],
    ['one that has failed for more than a minute was looked at', paths('down', 60_001), false],
    ['all work', paths('up'), false],
    ['what fails is no tunnel', paths('down').map((one) => ({ ...one, path: { ...one.path, kind: 'near' } })), false],
  ])('%s', (_what, given, expected) => {
    expect(mayHaveRoamed(given)).toBe(expected);
  });
});
