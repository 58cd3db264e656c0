import { describe, expect, test } from '@jest/globals';
import { emptyPlan } from '../host/emptyPlan.js';
import type { NodePlan } from '../mesh/plan.js';
import type { PathStatus } from './failover.js';
import type { PathState } from './path.js';
import { lookForPlaces, type Trials, worthLooking } from './places.js';

const WANTED = '192.0.2.1:51820';
const ROAMED = '198.51.100.7:4242';
const HEARD = '203.0.113.9:41820';
const OTHER = '203.0.113.9:41821';
const KEY = 'key of west-0';

function paths(state: PathState, forMs = 1000): PathStatus[] {
  const targets = [{ name: 'west-0', publicKey: KEY, address: '10.4.0.2', segment: 'west' }];
  return [{ path: { name: 'tunnel/0/west', kind: 'tunnel', slot: 0, segment: 'west', from: 1, targets }, state, inUse: true, forMs, loss: 0, misses: 0 }];
}

interface Peer {
  readonly wanted?: string | null;
  readonly heard?: readonly string[] | null;
}

function planOf({ wanted = WANTED, heard = [HEARD] }: Peer): NodePlan {
  const peer = { publicKey: KEY, persistentKeepalive: 0, allowedIPs: [], owner: 'gateway west-0', ...(wanted === null ? {} : { endpoint: wanted }), ...(heard === null ? {} : { heard }) };
  return { ...emptyPlan('a'), interfaces: [{ name: 'kilo0', plane: 0, listenPort: 51820, mtu: 1420, peers: [peer] }] };
}

/** What WireGuard says. */
type Look = readonly [endpoint: string | undefined, receivedBytes: number];

/** Looks two seconds apart. `second place` of each that is sent to from then on; where `looks` end, WireGuard says what was written. */
function story(looks: readonly Look[], { state = 'down', until = looks.length * 2 - 2, handshake = 0, ...peer }: Peer & { readonly state?: PathState; readonly until?: number; readonly handshake?: number } = {}): string[] {
  let before: Trials = new Map();
  let [endpoint, receivedBytes]: Look = [undefined, 0];
  return Array.from({ length: until / 2 + 1 }, (_, index) => index * 2).flatMap((second) => {
    [endpoint, receivedBytes] = looks[second / 2] ?? [endpoint, receivedBytes];
    const tunnels = new Map([['kilo0', { peers: new Map([[KEY, { receivedBytes, lastHandshake: handshake, ...(endpoint === undefined ? {} : { endpoint }) }]]) }]]);
    const looked = lookForPlaces({ plan: planOf(peer), paths: paths(state, 1000 + second * 1000), tunnels, before, now: second * 1000, at: 1_000_000 + second });
    before = looked.trials;
    return looked.healings.map((healing) => {
      endpoint = healing.kind === 'heard' ? healing.endpoint : WANTED;
      if (healing.kind === 'heard') receivedBytes = 0;
      return `${second} ${endpoint}`;
    });
  });
}

const often = (count: number, ...look: Look): Look[] => Array.from({ length: count }, () => look);

test.each<[string, { readonly looks: readonly Look[]; readonly with?: Parameters<typeof story>[1]; readonly places?: readonly string[] }]>([
  ['soon where nothing ever came, then in turn', { looks: [[WANTED, 0]], places: [`2 ${HEARD}`, `14 ${WANTED}`, `26 ${HEARD}`, `38 ${WANTED}`] }],
  ['each of them', { looks: [[WANTED, 0]], with: { heard: [HEARD, OTHER] }, places: [`2 ${HEARD}`, `14 ${OTHER}`, `26 ${WANTED}`, `38 ${HEARD}`] }],
  ['after twelve seconds where there was a session', { looks: [[WANTED, 500]], places: [`12 ${HEARD}`, `24 ${WANTED}`, `36 ${HEARD}`] }],
  ['after the wanted one, where the far end was last heard elsewhere', { looks: [[ROAMED, 500]], places: [`12 ${WANTED}`, `24 ${HEARD}`, `36 ${WANTED}`] }],
  ['not at once for one that is just about to be heard elsewhere', { looks: [[ROAMED, 0]], places: [`12 ${WANTED}`, `24 ${HEARD}`, `36 ${WANTED}`] }],
  ['in whatever spelling', { looks: [['[fd00::1]:51820', 500]], with: { wanted: '[fd00:0::1]:51820', until: 12 }, places: [`12 ${HEARD}`] }],
  ['no other, where there is none', { looks: [[HEARD, 0]], with: { wanted: null } }],
  ['soon, where none is wanted, and WireGuard has none', { looks: [[undefined, 0]], with: { wanted: null }, places: [`2 ${HEARD}`] }],
  ['nowhere, where one is wanted and WireGuard has none: that is another matter', { looks: [[undefined, 0]] }],
  ['nowhere while the tunnel works', { looks: [[ROAMED, 500]], with: { state: 'up' } }],
  ['nowhere before the tunnel is known to fail', { looks: [[WANTED, 0]], with: { state: 'new' } }],
  ['nowhere where nobody hears it: that is for others', { looks: [[ROAMED, 500]], with: { heard: null } }],
  ['nowhere where a handshake was made since it failed', { looks: [[HEARD, 500]], with: { handshake: 1_000_000 } }],
  ['nowhere while anything comes', { looks: [...often(5, WANTED, 500), ...often(5, WANTED, 532), ...often(5, WANTED, 564)], with: { until: 28 } }],
])('a far end that fails is sent to elsewhere: %s', (_what, { looks, with: options, places = [] }) => {
  expect(story(looks, { until: 38, ...options })).toEqual(places);
});

/** Of one look, two seconds after the first of a silence. */
function lookOnce([endpoint = '', receivedBytes]: Look, { tried = false, before: last = 500, forMs = 1000, ...peer }: Peer & { readonly tried?: boolean; readonly before?: number; readonly forMs?: number }, now = 2000): ReturnType<typeof lookForPlaces> {
  const tunnels = new Map([['kilo0', { peers: new Map([[KEY, { receivedBytes, endpoint, lastHandshake: 0 }]]) }]]);
  const before: Trials = new Map([[`kilo0 ${KEY}`, { receivedBytes: last, since: 0, tried }]]);
  return lookForPlaces({ plan: planOf(peer), paths: paths('down', forMs), tunnels, before, now, at: 1_000_000 });
}

test.each<[string, Look, Parameters<typeof lookOnce>[1], boolean]>([
  ['another place will be tried for the first time', [WANTED, 500], {}, true],
  ['not once one was tried', [WANTED, 500], { tried: true }, false],
  ['nor where something has come since', [WANTED, 532], {}, false],
])('a next look is wanted soon while %s', (_what, look, more, expected) => {
  expect(lookOnce(look, more).pending).toBe(expected);
});

test('turns are of half a minute once it has failed for more than one', () => {
  expect(lookOnce([HEARD, 500], { tried: true, forMs: 60_001 }, 29_999).healings).toEqual([]);
  expect(lookOnce([HEARD, 500], { tried: true, forMs: 60_001 }, 30_000).healings).toEqual([{ kind: 'endpoint', plane: 0, publicKey: KEY }]);
});

test('who is heard no more, and was sent to elsewhere, is sent to where it is wanted', () => {
  expect(lookOnce([HEARD, 500], { tried: true, heard: null }, 12_000).healings).toEqual([{ kind: 'endpoint', plane: 0, publicKey: KEY }]);
  expect(lookOnce([WANTED, 500], { tried: true, heard: null }, 12_000)).toEqual({ trials: new Map(), healings: [], pending: false });
});

describe('the next look is worth while after', () => {
  const nearOnly = paths('down').map((one): PathStatus => ({ ...one, path: { ...one.path, kind: 'near' } }));
  test.each<[string, PathStatus[], Peer, number | undefined]>([
    ['no time where a tunnel fails', paths('down'), {}, 0],
    ['half a minute, where it has failed for long', paths('down', 60_001), {}, 30_000],
    ['no time where one fails beside another that failed before', [...paths('down', 100_000), ...paths('down')], {}, 0],
    ['never, where nobody hears it', paths('down'), { heard: null }, undefined],
    ['never, where all work', paths('up'), {}, undefined],
    ['never, where what fails is no tunnel', nearOnly, {}, undefined],
  ])('%s', (_what, given, peer, expected) => {
    expect(worthLooking(given, planOf(peer), new Map())).toBe(expected);
  });
});
