import { describe, expect, test } from '@jest/globals';
import { countersWith, observationOf, peerOf, planWith, repairsOf, statusOf } from '../../test/fakes/tunnels.js';
import type { PathStatus } from '../failover/effects.js';
import type { PathState } from '../failover/probedPath.js';
import { NEVER } from './check.js';
import { deadTunnel } from './deadTunnel.js';

const CONFIGURED = '192.0.2.1:51820';
const ROAMED = '198.51.100.7:4242';
const KEY = 'key of west';

/** What WireGuard says. The tunnel failed at second 0. */
type Look = readonly [endpoint: string | undefined, receivedBytes: number, lastHandshake?: number];

interface Options {
  readonly configured?: string | null;
  readonly state?: PathState;
  readonly alternate?: PathState;
}

/** Looks two seconds apart, the first in second 0; the second of each repair, and its kind. */
function story(looks: readonly Look[], { configured = CONFIGURED, state = 'down', alternate }: Options = {}): string[] {
  const plan = planWith(peerOf('gateway', 'west', configured === null ? {} : { endpoint: configured }));
  const observations = looks.map(([endpoint, receivedBytes, lastHandshake = -10], index) =>
    observationOf({
      plan,
      paths: [
        statusOf('tunnel', 'west', state, index * 2000),
        ...(alternate === undefined ? [] : [statusOf('alternate', 'west', alternate)]),
      ],
      counters: countersWith({
        [KEY]: { receivedBytes, lastHandshake: 1000 + lastHandshake, ...(endpoint === undefined ? {} : { endpoint }) },
      }),
      now: index * 2000,
      at: 1000 + index * 2,
    }),
  );
  return repairsOf(deadTunnel, observations).flatMap((repairs, index) => repairs.map(({ kind }) => `${index * 2} ${kind}`));
}

const often = (count: number, ...look: Look): Look[] => Array.from({ length: count }, () => look);

describe('the configured endpoint of a failing tunnel is', () => {
  test.each<[string, { readonly looks: readonly Look[]; readonly with?: Options; readonly done?: readonly string[] }]>([
    ['set again after twelve seconds without a byte from another one', { looks: often(7, ROAMED, 500), done: ['12 resetEndpoint'] }],
    [
      'not while anything comes, as it does every ten seconds where only the agent is gone',
      { looks: [...often(5, ROAMED, 500), ...often(5, ROAMED, 532), ...often(5, ROAMED, 564)] },
    ],
    ['nor while the tunnel works', { looks: often(20, ROAMED, 500), with: { state: 'up' } }],
    ['nor before anything was ever received', { looks: often(20, ROAMED, 0), with: { state: 'new' } }],
    ['nor where WireGuard has it', { looks: often(20, CONFIGURED, 500) }],
    [
      'nor where WireGuard has it in another spelling',
      { looks: often(20, '[fd00::1]:51820', 500), with: { configured: '[fd00:0::1]:51820' } },
    ],
    ['nor where none is configured', { looks: often(20, ROAMED, 500), with: { configured: null } }],
    ['nor where WireGuard has none: the next pass sets it', { looks: often(20, undefined, 500) }],
    [
      'once, until something is received from another endpoint',
      { looks: [...often(7, ROAMED, 500), ...often(9, CONFIGURED, 500), ...often(6, ROAMED, 600)], done: ['12 resetEndpoint'] },
    ],
  ])('%s', (_what, { looks, with: options, done = [] }) => {
    expect(story(looks, options)).toEqual(done);
  });
});

describe('the peer of a failing tunnel without an alternate path is', () => {
  /** It has stopped receiving: a handshake every 15 s, and nothing else. */
  const stalled: readonly Look[] = [
    ...often(8, CONFIGURED, 500),
    ...often(8, CONFIGURED, 592, 15),
    ...often(7, CONFIGURED, 684, 31),
    ...often(8, CONFIGURED, 776, 46),
  ];

  test.each<[string, { readonly looks: readonly Look[]; readonly with?: Options; readonly done?: readonly string[] }]>([
    ['recreated twelve seconds after a handshake that nothing followed, once', { looks: stalled, done: ['28 recreatePeer'] }],
    [
      'recreated whatever its endpoint is',
      { looks: stalled.map(([, ...rest]): Look => [ROAMED, ...rest]), with: { configured: null }, done: ['28 recreatePeer'] },
    ],
    [
      'recreated again after five minutes',
      { looks: [...stalled, ...often(135, CONFIGURED, 776, 60)], done: ['28 recreatePeer', '312 recreatePeer'] },
    ],
    ['not recreated without a handshake: the network is away, and finds its session as it was', { looks: often(40, CONFIGURED, 500) }],
    [
      'not recreated while data arrives, too: only its agent is gone',
      {
        looks: [
          ...often(5, CONFIGURED, 500),
          ...often(3, CONFIGURED, 532),
          ...often(2, CONFIGURED, 624, 15),
          ...often(5, CONFIGURED, 656, 15),
          ...often(5, CONFIGURED, 688, 15),
        ],
      },
    ],
    [
      'not recreated where the far gateway answers by the alternate path: receiveStall.ts needs three seconds only',
      { looks: stalled, with: { alternate: 'up' } },
    ],
    ['recreated where it answers by neither of two tunnels', { looks: stalled, with: { alternate: 'down' }, done: ['28 recreatePeer'] }],
  ])('%s', (_what, { looks, with: options, done = [] }) => {
    expect(story(looks, options)).toEqual(done);
  });
});

describe('whether WireGuard is asked at all', () => {
  test.each<[string, PathStatus[], boolean]>([
    ['a tunnel fails', [statusOf('tunnel', 'west', 'down')], true],
    ['one that has failed for more than a minute was watched', [statusOf('tunnel', 'west', 'down', 60_001)], false],
    ['after five it is time again', [statusOf('tunnel', 'west', 'down', 300_000)], true],
    ['all work', [statusOf('tunnel', 'west', 'up')], false],
    ['what fails is no tunnel', [statusOf('alternate', 'west', 'down')], false],
  ])('%s', (_what, given, expected) => {
    expect(deadTunnel.check(deadTunnel.initial, observationOf({ paths: given, now: 7000 })).next).toBe(expected ? 7000 : NEVER);
  });
});
