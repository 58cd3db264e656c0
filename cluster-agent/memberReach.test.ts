import { expect, test } from '@jest/globals';
import type { ReportedLink } from '../core/api/gatewayReport.js';
import { LABEL } from '../core/api/names.js';
import { tunnel } from '../test/fakes/links.js';
import { asPeers, cluster, defaults } from '../test/fakes/mesh.js';
import { createMemberReach, type MemberReach } from './memberReach.js';
import type { LinksInput } from './planLinks.js';

const WEST = cluster(
  [
    { name: 'w1', location: 'eu', internalIP: '172.21.1.11/24', podCIDR: '10.43.1.0/24' },
    { name: 'w2', location: 'us', internalIP: '172.21.2.11/24', podCIDR: '10.43.2.0/24' },
  ],
  '10.5.0.0/16',
);
const PEERS = asPeers('west', WEST, 2);
const [TO_EU = '', TO_US = ''] = PEERS.map(({ metadata }) => `west/${metadata.labels?.[LABEL.segment]}`);
const SEGMENTS = [
  { name: 'location:a', location: 'a', nodes: 1, gateways: [{ slot: 0, node: 'a1' }] },
  { name: 'location:b', location: 'b', nodes: 1, gateways: [{ slot: 0, node: 'b1' }] },
];

type State = 'up' | 'down' | 'unknown';

/** What a1 and b1 say of eu, and that all is well with us. */
function input(a1: State, b1: State, more: Partial<LinksInput> = {}): LinksInput {
  const links = (state: State): readonly ReportedLink[] => [
    tunnel({ segment: TO_EU, state, inUse: state === 'up' }),
    tunnel({ segment: TO_US }),
  ];
  return {
    mesh: { metadata: { name: 'default' }, spec: defaults, status: { segments: SEGMENTS } },
    meshNodes: [],
    peers: PEERS,
    reports: new Map([
      ['a1', links(a1)],
      ['b1', links(b1)],
    ]),
    lost: new Set(),
    ...more,
  };
}

function world() {
  const time = { now: 0 };
  const reach = createMemberReach({ now: () => time.now });
  return {
    at(now: number, seen: LinksInput): number | undefined {
      time.now = now;
      return reach.follow(seen);
    },
    reach,
  };
}

/** Of eu and us. */
function reached(reach: MemberReach): readonly boolean[] | undefined {
  return reach
    .reach()
    ?.get('west')
    ?.map((each) => each.reached);
}

test('a segment is cut off when no segment of this cluster has a link there, after damping', () => {
  const { at, reach } = world();
  expect(reach.reach()).toBeUndefined();
  expect(at(0, input('up', 'up'))).toBeUndefined();
  expect(reached(reach)).toEqual([true, true]);
  const before = reach.reach();
  at(1_000, input('down', 'up'));
  expect(reach.reach()).toBe(before);
  const due = at(2_000, input('down', 'down'));
  expect(reached(reach)).toEqual([true, true]);
  expect(due).toBeGreaterThan(0);
  at(2_000 + (due ?? 0), input('down', 'down'));
  expect(reached(reach)).toEqual([false, true]);
  expect(reach.reach()?.get('west')?.[0]?.allowedIPs).toContain('10.43.1.0/24');
});

test('one that comes and goes changes nothing', () => {
  const { at, reach } = world();
  at(0, input('up', 'up'));
  for (let now = 3_000; now < 60_000; now += 6_000) {
    at(now, input('down', 'down'));
    at(now + 400, input('up', 'up'));
    expect(reached(reach)).toEqual([true, true]);
  }
});

test('what is found down at the start counts at once', () => {
  const { at, reach } = world();
  at(0, input('down', 'down'));
  expect(reached(reach)).toEqual([false, true]);
});

test('of a member of whose links something is unknown at the start, nothing is said for some seconds', () => {
  const { at, reach } = world();
  const due = at(0, input('unknown', 'down'));
  expect(reach.reach()).toEqual(new Map());
  expect(due).toBe(10_000);
  at(10_000, input('unknown', 'down'));
  expect(reached(reach)).toEqual([true, true]);
});

test('a lost gateway says nothing, so what was known stays for a while', () => {
  const { at, reach } = world();
  at(0, input('down', 'down'));
  at(1_000, input('down', 'down', { lost: new Set(['a1', 'b1']) }));
  expect(reached(reach)).toEqual([false, true]);
});

test('a member without Peers here is none of ours to judge', () => {
  const { at, reach } = world();
  at(0, input('down', 'down', { peers: [] }));
  expect(reach.reach()).toEqual(new Map());
});
