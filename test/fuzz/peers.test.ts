/**
 * Whatever Peers of other members, or of people, are in a cluster: a node's routes, tunnels and firewall for everything else are what they
 * are without them.
 */
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { ANNOTATION, LABEL } from '../../core/api/names.js';
import type { Peer } from '../../core/api/peer.js';
import { firewallText } from '../../core/host/firewall.js';
import type { NodePlan } from '../../core/mesh/plan.js';
import { planNode } from '../../core/mesh/planNode.js';
import { type Cidr, contains, parseCidr } from '../../core/net/cidr.js';
import { planJson, renderPlan } from '../../core/render/plan.js';
import { printableLines } from '../../core/text/printable.js';
import { checkPeer } from '../../node-agent/inputs.js';
import { cluster, defaults, externalPeer, fakeKey } from '../fakes/mesh.js';
import { EAST } from '../fakes/meshPlans.js';
import { fuzz, FUZZ_MS } from './runs.js';

const nodes = cluster(
  EAST.map((node) => (node.name === 'd' ? { ...node, locationIPs: ['192.168.178.0/24'] } : node)),
  '10.4.0.0/16',
);
const EARLIER = '2026-01-01T00:00:00Z';
const LATER = '2026-02-02T00:00:00Z';

const at = (peer: Peer, creationTimestamp: string): Peer => ({ ...peer, metadata: { ...peer.metadata, creationTimestamp } });
const people = [
  at(externalPeer('laptop', { allowedIPs: ['10.5.0.2/32'] }), EARLIER),
  at(externalPeer('office', { allowedIPs: ['192.168.10.0/24'], endpoint: { dnsOrIP: { dns: 'office.example' }, port: 51_820 } }), EARLIER),
];
const victim: Peer = {
  ...externalPeer('victim-x-0', {
    allowedIPs: ['10.50.0.0/16', '10.51.0.9/32'],
    endpoint: { dnsOrIP: { ip: '203.0.113.50' }, port: 51_820 },
  }),
  metadata: {
    name: 'victim-x-0',
    creationTimestamp: EARLIER,
    labels: { [LABEL.managedBy]: 'kilofed-hub', [LABEL.cluster]: 'victim', [LABEL.segment]: 'x' },
    annotations: { [ANNOTATION.slot]: '0', [ANNOTATION.planes]: '2', [ANNOTATION.meshAddress]: '10.51.0.9' },
  },
};

/** What somebody has, or what nobody may have. */
const PLACES = [
  ...['10.42.1.7', '10.42.4.9', '172.20.1.11', '172.20.1.2', '172.20.2.11', '10.4.1.1', '10.5.0.2', '192.168.10.9', '192.168.178.7'],
  ...['10.50.0.7', '10.51.0.9', '203.0.113.50', '8.8.8.8', '1.1.1.1', '127.0.0.1', '169.254.169.254', '224.0.0.1', '100.100.100.200'],
  ...nodes.flatMap(({ status }) => status?.meshAddresses ?? []),
];
const RESOLVED = {
  'office.example': '198.51.100.1',
  ...Object.fromEntries(PLACES.map((place, index) => [`n${index}.evil.example`, place])),
};

const places = fc.constantFrom(...PLACES, '10.60.0.1', '10.61.3.4', '192.168.77.1');
const somePrefix = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(places, fc.integer({ min: 0, max: 32 })).map(([address, length]) => network(address, length)) },
  { weight: 4, arbitrary: fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })).map(([address, length]) => network(address, length)) },
  { weight: 1, arbitrary: fc.constantFrom('::/0', 'fd00::/8', '2001:db8::/32', 'fe80::1/128', '::1/128') },
);
const names = fc.oneof(fc.stringMatching(/^[a-z0-9]{1,12}$/), fc.string(), fc.constantFrom('constructor', '__proto__', ''));
const publicKey = fc.constantFrom(...['a', 'b', 'c', 'd', 'laptop', 'office', 'victim-x-0', 'e0', 'e1', 'e2', 'e3'].map(fakeKey));

const specs = fc.record(
  {
    publicKey,
    allowedIPs: fc.array(somePrefix, { maxLength: 6 }),
    endpoint: fc.record({
      dnsOrIP: fc.oneof(
        places.map((ip) => ({ ip })),
        fc.constantFrom(...Object.keys(RESOLVED), 'constructor').map((dns) => ({ dns })),
      ),
      port: fc.integer({ min: 1, max: 65_535 }),
    }),
    persistentKeepalive: fc.integer({ min: 0, max: 65_535 }),
  },
  { requiredKeys: ['publicKey', 'allowedIPs'] },
);

/** As the hub would write it, of what a member says. */
const memberPeer = fc
  .record({
    id: fc.constantFrom('aevil', 'evil', 'zevil'),
    name: names,
    segment: names,
    location: names,
    slot: fc.oneof(fc.constantFrom('0', '1', '2', '3'), names),
    planes: fc.oneof(fc.constantFrom('1', '2', '4'), names),
    mesh: fc.oneof(fc.array(places, { maxLength: 3 }).map(String), names),
    declared: fc.option(fc.oneof(fc.subarray(['10.60.0.0/16', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16']).map(String), names), {
      nil: undefined,
    }),
    spec: specs,
  })
  .map((made) => ({
    apiVersion: 'kilo.squat.ai/v1alpha1',
    kind: 'Peer',
    metadata: {
      name: `${made.id}-${made.name}`,
      creationTimestamp: LATER,
      labels: {
        [LABEL.managedBy]: 'kilofed-hub',
        [LABEL.cluster]: made.id,
        [LABEL.segment]: made.segment,
        [LABEL.location]: made.location,
      },
      annotations: {
        [ANNOTATION.slot]: made.slot,
        [ANNOTATION.planes]: made.planes,
        [ANNOTATION.meshAddress]: made.mesh,
        ...(made.declared === undefined ? {} : { [ANNOTATION.allowedCIDRs]: made.declared }),
      },
    },
    spec: made.spec,
  }));

const personsPeer = fc.record({ name: names, spec: specs }).map((made) => ({
  apiVersion: 'kilo.squat.ai/v1alpha1',
  kind: 'Peer',
  metadata: { name: `young-${made.name}`, creationTimestamp: LATER },
  spec: made.spec,
}));

/** Some with anything in one of their fields, some that are anything. */
const spoilt = <T extends object>(good: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 8, arbitrary: good },
    {
      weight: 2,
      arbitrary: fc
        .tuple(good, fc.constantFrom('metadata', 'spec', 'status', 'kind'), fc.anything())
        .map(([peer, field, value]) => ({ ...peer, [field]: value })),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(good, fc.string(), fc.anything())
        .map(([peer, field, value]) => ({ ...peer, spec: { ...(peer as unknown as Peer).spec, [field]: value } })),
    },
    { weight: 1, arbitrary: fc.anything() },
  );

/** Those that a node-agent takes, one of each name, and none that stands for somebody else. */
function taken(raw: readonly unknown[], isTheirs: (peer: Peer) => boolean): Peer[] {
  const peers = raw.flatMap((each) => {
    const checked = checkPeer(each);
    return checked.ok && isTheirs(checked.value) ? [checked.value] : [];
  });
  return [...new Map(peers.map((peer) => [peer.metadata.name, peer])).values()];
}

function planOf(node: string, peers: readonly Peer[]): NodePlan {
  const planned = planNode({ node, mesh: defaults, nodes, peers, resolved: RESOLVED, underlayMtu: 1500, apiServers: ['10.60.0.1'] });
  if (planned.kind === 'absent') throw new Error(planned.reason);
  return planned.plan;
}

/** Everything of a plan that is not `theirs`, in a form that can be compared. */
function rest(plan: NodePlan, isTheirs: (name: string) => boolean, theirPrefixes: readonly Cidr[], before?: NodePlan): unknown {
  const old = new Set(before?.routes.map(({ table, dst, metric }) => `${table} ${dst} ${metric}`));
  const isOld = (route: NodePlan['routes'][number]): boolean =>
    before === undefined || old.has(`${route.table} ${route.dst} ${route.metric}`);
  const isInTheirs = ({ dst }: NodePlan['routes'][number]): boolean => {
    const cidr = parseCidr(dst);
    return cidr !== undefined && theirPrefixes.some((each) => contains(each, cidr));
  };
  const { probing, firewall, problems: _problems, interfaces, nexthops, groups, routes, ...others } = plan;
  return {
    ...others,
    interfaces: interfaces.map((each) => ({ ...each, peers: each.peers.filter(({ segment }) => !isTheirs(segment)) })),
    nexthops: nexthops.filter(({ id }) => before === undefined || before.nexthops.some((each) => each.id === id)),
    groups: groups.filter(({ segment }) => !isTheirs(segment)),
    routes: routes.filter((route) => isOld(route) || (route.table === 254 && !isInTheirs(route))),
    paths: probing?.paths
      .map((path) => ({ ...path, targets: path.targets.filter(({ segment = '' }) => !isTheirs(segment)) }))
      .filter(({ targets }) => targets.length > 0),
    // A tunnel by another plane of ours has that one probed, too.
    probeRules: probing?.rules.filter(({ table }) => before === undefined || before.probing?.rules.some((each) => each.table === table)),
    segmentPeers: probing?.segmentPeers,
    firewall: { ...firewall, probes: undefined, nat: undefined, members: undefined },
    members: firewall.members?.members.filter(({ name: id }) => !isTheirs(`${id}/`)),
  };
}

/** Prefixes with something to each, the longest first. */
type Prefixes<T> = readonly { readonly prefix: Cidr; readonly value: T }[];

function prefixesOf<T>(of: readonly T[], textOf: (each: T) => string): Prefixes<T> {
  return of
    .flatMap((value) => {
      const prefix = parseCidr(textOf(value));
      return prefix === undefined ? [] : [{ prefix, value }];
    })
    .toSorted((x, y) => y.prefix.length - x.prefix.length);
}

interface Way {
  readonly to: unknown;
  readonly tunnels: unknown;
}

/** Where packets go from a node, and the tunnel that takes them: of the longest prefix. What the host is connected to needs no route. */
function waysOf({ node, meshAddresses, routes, groups, interfaces }: NodePlan, addresses: readonly string[]): readonly Way[] {
  const spec = nodes.find(({ metadata }) => metadata.name === node)?.spec;
  const connected = [...(spec?.podCIDRs ?? []), ...(spec?.internalIPs ?? []), ...meshAddresses].map((text) => ({ text, to: undefined }));
  const main = prefixesOf(
    [
      ...connected,
      ...routes
        .filter(({ table }) => table === 254)
        .toSorted((a, b) => a.metric - b.metric)
        .map(({ dst, to }) => ({ text: dst, to })),
    ],
    ({ text }) => text,
  );
  const tunnels = interfaces.map(({ peers }) =>
    prefixesOf(
      peers.flatMap(({ segment, allowedIPs }) => allowedIPs.map((text) => ({ segment, text }))),
      ({ text }) => text,
    ),
  );
  return addresses.map((address) => {
    const cidr = parseCidr(address) as Cidr;
    const found = main.find(({ prefix: each }) => contains(each, cidr))?.value;
    const to = found?.to;
    return {
      to: to?.kind === 'group' ? groups.find(({ id }) => id === to.id)?.segment : (to?.kind ?? found?.text),
      tunnels: tunnels.map((peers) => peers.find(({ prefix: each }) => contains(each, cidr))?.value.segment),
    };
  });
}

describe('H3: generated Peers change nothing that is not theirs', () => {
  interface Case {
    readonly node: string;
    readonly honest: readonly Peer[];
    readonly theirs: readonly Peer[];
    readonly isTheirs: (segment: string) => boolean;
    readonly held: readonly string[];
    readonly wayOf: (way: Way) => unknown;
  }

  /** What does not depend on them, by node and number of honest Peers. */
  const known = new Map<string, { readonly plan: NodePlan; readonly rest: unknown; readonly ways: readonly unknown[] }>();
  const without = ({
    node,
    honest,
    isTheirs,
    held,
    wayOf,
  }: Case): { readonly plan: NodePlan; readonly rest: unknown; readonly ways: readonly unknown[] } => {
    const name = `${node} ${honest.length}`;
    const plan = known.get(name)?.plan ?? planOf(node, honest);
    const found = known.get(name) ?? { plan, rest: rest(plan, isTheirs, []), ways: waysOf(plan, held).map(wayOf) };
    known.set(name, found);
    return found;
  };

  const check = (input: Case): void => {
    const { node, honest, theirs, isTheirs, held, wayOf } = input;
    const [before, both] = [without(input), planOf(node, [...theirs, ...honest])];
    const prefixes = theirs.flatMap(({ spec: { allowedIPs } }) => allowedIPs.flatMap((each) => parseCidr(each) ?? []));
    const after = rest(both, isTheirs, prefixes, before.plan);
    // Comparing texts is quick, and the other comparison says what differs.
    if (JSON.stringify(after) !== JSON.stringify(before.rest)) expect(after).toEqual(before.rest);
    const ways = waysOf(both, held).map(wayOf);
    if (JSON.stringify(ways) !== JSON.stringify(before.ways)) expect(named(held, ways)).toEqual(named(held, before.ways));
    const problems = new Set(both.problems.map((each) => JSON.stringify(each)));
    expect(before.plan.problems.filter((each) => !problems.has(JSON.stringify(each)))).toEqual([]);
    for (const text of [renderPlan(both), printableLines(planJson(both)), firewallText(both.firewall)]) {
      if (/[^\P{C}\n]/u.test(text)) expect(text).toBe('printable');
    }
  };
  const named = (held: readonly string[], ways: readonly unknown[]): unknown => held.map((address, index) => [address, ways[index]]);
  const node = fc.constantFrom('a', 'b', 'c', 'd');

  test(
    'of other members: nodes, people and who was there before',
    () => {
      const ids = ['aevil', 'evil', 'zevil'];
      const isMember = ({ metadata: { labels } }: Peer): boolean =>
        labels?.[LABEL.managedBy] === 'kilofed-hub' && ids.includes(labels[LABEL.cluster] ?? '');
      fc.assert(
        fc.property(node, fc.array(spoilt(memberPeer), { maxLength: 8 }), (self, raw) => {
          check({
            node: self,
            honest: [...people, victim],
            theirs: taken(raw, isMember),
            isTheirs: (segment) => ids.some((id) => segment.startsWith(`${id}/`)),
            held: PLACES,
            wayOf: (way) => way,
          });
        }),
        fuzz(),
      );
    },
    FUZZ_MS,
  );

  test(
    'of people: nodes, and the people who were there before',
    () => {
      const isPerson = ({ metadata: { name: own, labels } }: Peer): boolean => labels === undefined && own.startsWith('young-');
      const held = PLACES.filter((address) => nodes.some(({ spec: { podCIDRs } }) => podCIDRs.some((each) => isIn(address, each))));
      fc.assert(
        fc.property(node, fc.array(spoilt(personsPeer), { maxLength: 8 }), (self, raw) => {
          check({
            node: self,
            honest: people,
            theirs: taken(raw, isPerson),
            isTheirs: (segment) => segment.startsWith('peer:young-'),
            held,
            // People may have prefixes around the cluster's, and any of the Internet.
            wayOf: ({ to }) => to,
          });
        }),
        fuzz(),
      );
    },
    FUZZ_MS,
  );
});

function isIn(address: string, range: string): boolean {
  const [outer, inner] = [parseCidr(range), parseCidr(address)];
  return outer !== undefined && inner !== undefined && contains(outer, inner);
}

function network(address: string, length: number): string {
  const bits = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const masked = length === 0 ? 0 : Math.floor(bits / 2 ** (32 - length)) * 2 ** (32 - length);
  return `${[24, 16, 8, 0].map((shift) => Math.floor(masked / 2 ** shift) % 256).join('.')}/${length}`;
}
