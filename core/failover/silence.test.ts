import { describe, expect, test } from '@jest/globals';
import { emptyPlan } from '../host/emptyPlan.js';
import type { PathStatus } from './failover.js';
import type { PathState } from './path.js';
import { lookForSilence, mayBeSilent, type Silences } from './silence.js';

const WANTED = '192.0.2.1:51820';
const ROAMED = '198.51.100.7:4242';
const KEY = 'key of west-0';

function path(kind: 'tunnel' | 'around', state: PathState, forMs = 1000): PathStatus {
  const targets = [{ name: 'west-0', publicKey: KEY, address: '10.4.0.2', segment: 'west' }];
  return { path: { name: `${kind}/0/west`, kind, slot: 0, segment: 'west', from: 1, targets }, state, inUse: true, forMs, loss: 0, misses: 0 };
}

/** What WireGuard says. The tunnel failed at second 0. */
type Look = readonly [endpoint: string | undefined, receivedBytes: number, lastHandshake?: number];

interface Options {
  readonly wanted?: string | null;
  readonly state?: PathState;
  readonly around?: PathState;
}

/** Looks two seconds apart, the first in second 0; the seconds of those after which something was to be done, and what. */
function story(looks: readonly Look[], { wanted = WANTED, state = 'down', around }: Options = {}): string[] {
  const peer = { publicKey: KEY, persistentKeepalive: 0, allowedIPs: [], owner: 'gateway west-0', ...(wanted === null ? {} : { endpoint: wanted }) };
  const plan = { ...emptyPlan('a'), interfaces: [{ name: 'kilo0', plane: 0, listenPort: 51820, mtu: 1420, peers: [peer] }] };
  let before: Silences = new Map();
  return looks.flatMap(([endpoint, receivedBytes, lastHandshake = -10], index) => {
    const tunnels = new Map([['kilo0', { peers: new Map([[KEY, { receivedBytes, lastHandshake: 1000 + lastHandshake, ...(endpoint === undefined ? {} : { endpoint }) }]]) }]]);
    const paths = [path('tunnel', state, index * 2000), ...(around === undefined ? [] : [path('around', around)])];
    const looked = lookForSilence({ plan, paths, tunnels, before, now: index * 2000, at: 1000 + index * 2 });
    before = looked.silences;
    return looked.healings.map(({ kind }) => `${index * 2} ${kind}`);
  });
}

const often = (count: number, ...look: Look): Look[] => Array.from({ length: count }, () => look);

describe('the wanted endpoint of a tunnel that fails', () => {
  test.each<[string, { readonly looks: readonly Look[]; readonly with?: Options; readonly done?: readonly string[] }]>([
    ['written after twelve seconds without a byte from elsewhere', { looks: often(7, ROAMED, 500), done: ['12 endpoint'] }],
    ['not while anything comes, as it does every ten seconds where only the agent is gone', { looks: [...often(5, ROAMED, 500), ...often(5, ROAMED, 532), ...often(5, ROAMED, 564)] }],
    ['nor while the tunnel works', { looks: often(20, ROAMED, 500), with: { state: 'up' } }],
    ['nor before it was ever heard', { looks: often(20, ROAMED, 0), with: { state: 'new' } }],
    ['nor where it is as wanted', { looks: often(20, WANTED, 500) }],
    ['in whatever spelling', { looks: often(20, '[fd00::1]:51820', 500), with: { wanted: '[fd00:0::1]:51820' } }],
    ['nor where none is wanted', { looks: often(20, ROAMED, 500), with: { wanted: null } }],
    ['nor where WireGuard has none, which is another matter', { looks: often(20, undefined, 500) }],
    ['once: then it is as wanted, until somebody is heard from elsewhere', { looks: [...often(7, ROAMED, 500), ...often(9, WANTED, 500), ...often(6, ROAMED, 600)], done: ['12 endpoint'] }],
  ])('%s', (_what, { looks, with: options, done = [] }) => {
    expect(story(looks, options)).toEqual(done);
  });
});

describe('the peer of a tunnel that fails, and that has no other way', () => {
  /** Deaf: every 15 s a handshake, and nothing else. */
  const deaf: readonly Look[] = [...often(8, WANTED, 500), ...often(8, WANTED, 592, 15), ...often(7, WANTED, 684, 31), ...often(8, WANTED, 776, 46)];

  test.each<[string, { readonly looks: readonly Look[]; readonly with?: Options; readonly done?: readonly string[] }]>([
    ['made anew twelve seconds after a handshake that nothing came after, once', { looks: deaf, done: ['28 peer'] }],
    ['wherever it was heard from', { looks: deaf.map(([, ...rest]): Look => [ROAMED, ...rest]), with: { wanted: null }, done: ['28 peer'] }],
    ['again after five minutes', { looks: [...deaf, ...often(135, WANTED, 776, 60)], done: ['28 peer', '312 peer'] }],
    ['not where no handshake is made: the network is away, and finds its session as it was', { looks: often(40, WANTED, 500) }],
    ['not where data comes, too: only its agent is gone', { looks: [...often(5, WANTED, 500), ...often(3, WANTED, 532), ...often(2, WANTED, 624, 15), ...often(5, WANTED, 656, 15), ...often(5, WANTED, 688, 15)] }],
    ['not where the far gateway answers around it: then three seconds are enough (stall.ts)', { looks: deaf, with: { around: 'up' } }],
    ['but where it answers by none of two tunnels', { looks: deaf, with: { around: 'down' }, done: ['28 peer'] }],
  ])('%s', (_what, { looks, with: options, done = [] }) => {
    expect(story(looks, options)).toEqual(done);
  });
});

describe('whether to look at all', () => {
  test.each<[string, PathStatus[], boolean]>([
    ['a tunnel fails', [path('tunnel', 'down')], true],
    ['one that has failed for more than a minute was looked at', [path('tunnel', 'down', 60_001)], false],
    ['after five it is time again', [path('tunnel', 'down', 300_000)], true],
    ['all work', [path('tunnel', 'up')], false],
    ['what fails is no tunnel', [path('around', 'down')], false],
  ])('%s', (_what, given, expected) => {
    expect(mayBeSilent(given)).toBe(expected);
  });
});
