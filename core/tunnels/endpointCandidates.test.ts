import { describe, expect, test } from '@jest/globals';
import { countersWith, observationOf, peerOf, planWith, statusOf } from '../../test/fakes/tunnels.js';
import type { NodePlan } from '../mesh/plan.js';
import type { PathStatus } from '../failover/effects.js';
import type { PathState } from '../failover/probedPath.js';
import { type CheckResult, NEVER } from './check.js';
import { endpointCandidates, type EndpointCandidates } from './endpointCandidates.js';

const CONFIGURED = '192.0.2.1:51820';
const ROAMED = '198.51.100.7:4242';
const OBSERVED = '203.0.113.9:41820';
const OTHER = '203.0.113.9:41821';
const KEY = 'key of west';

const paths = (state: PathState, forMs = 1000): PathStatus[] => [statusOf('tunnel', 'west', state, forMs)];

interface Peer {
  readonly configured?: string | null;
  readonly observed?: readonly string[] | null;
}

function planOf({ configured = CONFIGURED, observed = [OBSERVED] }: Peer): NodePlan {
  return planWith(
    peerOf('gateway', 'west', {
      ...(configured === null ? {} : { endpoint: configured }),
      ...(observed === null ? {} : { observedEndpoints: observed }),
    }),
  );
}

/** What WireGuard says. */
type Look = readonly [endpoint: string | undefined, receivedBytes: number];

/** Looks two seconds apart. `second endpoint` of each repair; where `looks` end, WireGuard says what was written. */
function story(
  looks: readonly Look[],
  {
    state = 'down',
    until = looks.length * 2 - 2,
    handshake = 0,
    ...peer
  }: Peer & { readonly state?: PathState; readonly until?: number; readonly handshake?: number } = {},
): string[] {
  let before = endpointCandidates.initial;
  let [endpoint, receivedBytes]: Look = [undefined, 0];
  return Array.from({ length: until / 2 + 1 }, (_, index) => index * 2).flatMap((second) => {
    [endpoint, receivedBytes] = looks[second / 2] ?? [endpoint, receivedBytes];
    const looked = endpointCandidates.check(
      before,
      observationOf({
        plan: planOf(peer),
        paths: paths(state, 1000 + second * 1000),
        counters: countersWith({ [KEY]: { receivedBytes, lastHandshake: handshake, ...(endpoint === undefined ? {} : { endpoint }) } }),
        now: second * 1000,
        at: 1_000_000 + second,
      }),
    );
    before = looked.state;
    return looked.repairs.map((repair) => {
      endpoint = repair.kind === 'tryCandidate' ? repair.endpoint : CONFIGURED;
      if (repair.kind === 'tryCandidate') receivedBytes = 0;
      return `${second} ${endpoint}`;
    });
  });
}

const often = (count: number, ...look: Look): Look[] => Array.from({ length: count }, () => look);

test.each<[string, { readonly looks: readonly Look[]; readonly with?: Parameters<typeof story>[1]; readonly tried?: readonly string[] }]>([
  [
    'soon where nothing ever arrived, then in turn',
    { looks: [[CONFIGURED, 0]], tried: [`2 ${OBSERVED}`, `14 ${CONFIGURED}`, `26 ${OBSERVED}`, `38 ${CONFIGURED}`] },
  ],
  [
    'each of them',
    {
      looks: [[CONFIGURED, 0]],
      with: { observed: [OBSERVED, OTHER] },
      tried: [`2 ${OBSERVED}`, `14 ${OTHER}`, `26 ${CONFIGURED}`, `38 ${OBSERVED}`],
    },
  ],
  [
    'after twelve seconds where there was a session',
    { looks: [[CONFIGURED, 500]], tried: [`12 ${OBSERVED}`, `24 ${CONFIGURED}`, `36 ${OBSERVED}`] },
  ],
  [
    'after the configured one, where the far end was last received from elsewhere',
    { looks: [[ROAMED, 500]], tried: [`12 ${CONFIGURED}`, `24 ${OBSERVED}`, `36 ${CONFIGURED}`] },
  ],
  [
    'not at once where the far end is just about to have a session elsewhere',
    { looks: [[ROAMED, 0]], tried: [`12 ${CONFIGURED}`, `24 ${OBSERVED}`, `36 ${CONFIGURED}`] },
  ],
  [
    'in whatever spelling the configured one is',
    { looks: [['[fd00::1]:51820', 500]], with: { configured: '[fd00:0::1]:51820', until: 12 }, tried: [`12 ${OBSERVED}`] },
  ],
  ['no other, where there is none', { looks: [[OBSERVED, 0]], with: { configured: null } }],
  [
    'soon, where none is configured, and WireGuard has none',
    { looks: [[undefined, 0]], with: { configured: null }, tried: [`2 ${OBSERVED}`] },
  ],
  ['nowhere, where one is configured and WireGuard has none: the next pass sets it', { looks: [[undefined, 0]] }],
  ['nowhere while the tunnel works', { looks: [[ROAMED, 500]], with: { state: 'up' } }],
  ['nowhere before the tunnel is known to fail', { looks: [[CONFIGURED, 0]], with: { state: 'new' } }],
  ['nowhere where nobody observes it elsewhere: that is for deadTunnel.ts', { looks: [[ROAMED, 500]], with: { observed: null } }],
  ['nowhere where a handshake was made since it failed', { looks: [[OBSERVED, 500]], with: { handshake: 1_000_000 } }],
  [
    'nowhere while anything arrives',
    { looks: [...often(5, CONFIGURED, 500), ...often(5, CONFIGURED, 532), ...often(5, CONFIGURED, 564)], with: { until: 28 } },
  ],
])('a candidate is tried: %s', (_what, { looks, with: options, tried = [] }) => {
  expect(story(looks, { until: 38, ...options })).toEqual(tried);
});

/** One look, two seconds after a silence began. */
function lookOnce(
  [endpoint = '', receivedBytes]: Look,
  {
    tried = false,
    before: last = 500,
    forMs = 1000,
    ...peer
  }: Peer & { readonly tried?: boolean; readonly before?: number; readonly forMs?: number },
  now = 2000,
): CheckResult<EndpointCandidates> {
  return endpointCandidates.check(
    { ...endpointCandidates.initial, trials: new Map([[`kilo0 ${KEY}`, { receivedBytes: last, since: 0, tried }]]) },
    observationOf({ plan: planOf(peer), paths: paths('down', forMs), counters: countersWith({ [KEY]: { receivedBytes, endpoint } }), now }),
  );
}

test.each<[string, Look, Parameters<typeof lookOnce>[1], boolean]>([
  ['a candidate will be tried for the first time', [CONFIGURED, 500], {}, true],
  ['not once one was tried', [CONFIGURED, 500], { tried: true }, false],
  ['nor where something has arrived since', [CONFIGURED, 532], {}, false],
])('the next look comes soon while %s', (_what, look, more, expected) => {
  expect(lookOnce(look, more).state.isPending).toBe(expected);
});

test('turns take half a minute once the tunnel has failed for more than one', () => {
  expect(lookOnce([OBSERVED, 500], { tried: true, forMs: 60_001 }, 29_999).repairs).toEqual([]);
  expect(lookOnce([OBSERVED, 500], { tried: true, forMs: 60_001 }, 30_000).repairs).toEqual([
    { kind: 'resetEndpoint', plane: 0, publicKey: KEY },
  ]);
});

test('a far end that is no longer observed elsewhere gets its configured endpoint back', () => {
  expect(lookOnce([OBSERVED, 500], { tried: true, observed: null }, 12_000).repairs).toEqual([
    { kind: 'resetEndpoint', plane: 0, publicKey: KEY },
  ]);
  expect(lookOnce([CONFIGURED, 500], { tried: true, observed: null }, 12_000)).toMatchObject({
    state: { trials: new Map(), isPending: false },
    repairs: [],
  });
});

describe('WireGuard is asked', () => {
  const lanOnly = paths('down').map((one): PathStatus => ({ ...one, path: { ...one.path, kind: 'lan', node: 'near', name: 'lan/near' } }));
  test.each<[string, PathStatus[], Peer, number]>([
    ['at once where a tunnel fails', paths('down'), {}, 0],
    ['every half minute where it has failed for long', paths('down', 60_001), {}, 30_000],
    ['at once where one fails beside another that failed before', [...paths('down', 100_000), ...paths('down')], {}, 0],
    ['never where nobody observes the far end elsewhere', paths('down'), { observed: null }, NEVER],
    ['never where all work', paths('up'), {}, NEVER],
    ['never where what fails is no tunnel', lanOnly, {}, NEVER],
  ])('%s', (_what, given, peer, expected) => {
    const before: EndpointCandidates = { ...endpointCandidates.initial, lookedAt: 0, observed: `${KEY} ${OBSERVED}` };
    expect(endpointCandidates.check(before, observationOf({ plan: planOf(peer), paths: given })).next).toBe(expected);
  });

  test('at once where a new endpoint is observed', () => {
    const before: EndpointCandidates = { ...endpointCandidates.initial, lookedAt: 0, observed: `${KEY} ${OTHER}` };
    expect(endpointCandidates.check(before, observationOf({ plan: planOf({}), paths: paths('down', 60_001), now: 1000 })).next).toBe(1000);
  });
});
