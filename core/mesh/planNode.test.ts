import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { MeshNode } from '../api/meshNode.js';
import type { Peer } from '../api/peer.js';
import { asPeers, cluster, defaults, fakeKey, type NodeSketch } from '../../test/fakes/mesh.js';
import { type Host, walk } from '../../test/fakes/walk.js';
import { planNode } from './planNode.js';
import type { NodePlan } from './plan.js';

/** Two locations: eu with a gateway in each slot and one more node, us with one node. */
const EAST: readonly NodeSketch[] = [
  { name: 'a', location: 'eu', internalIP: '172.20.1.11/24', podCIDR: '10.42.1.0/24' },
  { name: 'b', location: 'eu', internalIP: '172.20.1.12/24', podCIDR: '10.42.2.0/24' },
  { name: 'c', location: 'eu', internalIP: '172.20.9.13/24', podCIDR: '10.42.3.0/24' },
  { name: 'd', location: 'us', internalIP: '172.20.2.11/24', podCIDR: '10.42.4.0/24' },
];

const east = cluster(EAST, '10.4.0.0/16');

function plan(node: string, nodes: readonly MeshNode[], peers: readonly Peer[] = []): NodePlan {
  const planned = planNode({ node, mesh: defaults, nodes, peers, resolved: {}, underlayMtu: 1500 });
  if (planned.kind === 'absent') throw new Error(planned.reason);
  return planned.plan;
}

function slots(nodes: readonly MeshNode[]): Record<string, number | undefined> {
  return Object.fromEntries(nodes.map((node) => [node.metadata.name, node.status?.slot]));
}

describe('seen from each node', () => {
  test('the cluster has the slots the cases below rest on', () => {
    expect(slots(east)).toEqual({ a: 0, b: 1, c: undefined, d: 0 });
  });

  test('gateway a: its slot-0 and slot-1 ways to a segment with one gateway, which sees it on plane 0', () => {
    const { role, interfaces, groups } = plan('a', east);
    expect(role).toEqual({ kind: 'gateway', slot: 0 });
    expect(interfaces.map(({ name, listenPort, mtu, peers }) => ({ name, listenPort, mtu, peers: peers.map((peer) => [peer.owner, peer.endpoint]) }))).toEqual([
      { name: 'kilo0', listenPort: 51820, mtu: 1420, peers: [['gateway d', '172.20.2.11:51820']] },
      { name: 'kilo1', listenPort: 51821, mtu: 1420, peers: [] },
    ]);
    expect(groups.map(({ segment, candidates, active }) => [segment, candidates.map(({ name }) => name), active.length])).toEqual([['location:us', ['plane/0'], 1]]);
  });

  test('gateway b, in slot 1, dials the port of plane 1', () => {
    expect(plan('b', east).interfaces[0]?.peers.map(({ endpoint }) => endpoint)).toEqual(['172.20.2.11:51821']);
  });

  test('gateway d reaches eu by both planes, each with the full allowed IPs', () => {
    const { interfaces, groups } = plan('d', east);
    const allowed = interfaces.map(({ peers }) => peers.map(({ owner, allowedIPs }) => [owner, allowedIPs.filter((each) => each.startsWith('10.42'))]));
    const pods = ['10.42.1.0/24', '10.42.2.0/24', '10.42.3.0/24'];
    expect(allowed).toEqual([[['gateway a', pods]], [['gateway b', pods]]]);
    expect(groups[0]?.candidates.map(({ slot, name }) => [slot, name])).toEqual([[0, 'plane/0'], [1, 'plane/1']]);
  });

  test('member c: no interface, VXLAN to its neighbours in another subnet, a group over its gateways', () => {
    const { role, interfaces, vxlan, nexthops, groups, rules } = plan('c', east);
    expect(role).toEqual({ kind: 'member' });
    expect(interfaces).toEqual([]);
    expect(vxlan?.neighbours.map(({ node, address, mac }) => [node, address, mac])).toEqual([
      ['a', '172.20.1.11', '02:6b:ac:14:01:0b'],
      ['b', '172.20.1.12', '02:6b:ac:14:01:0c'],
    ]);
    expect(nexthops.map(({ name, dev, via }) => [name, dev, via]).toSorted()).toEqual([
      ['node/a', 'kilovx', '172.20.1.11'],
      ['node/b', 'kilovx', '172.20.1.12'],
    ]);
    expect(groups[0]?.candidates.map(({ name }) => name)).toEqual(['node/a', 'node/b']);
    expect(rules.map(({ from, to }) => [from, to])).toEqual([
      ['10.42.3.0/24', '172.20.1.11/32'],
      ['10.42.3.0/24', '172.20.1.12/32'],
    ]);
  });

  test('every routed prefix has its unreachable guard, and tunnel ends have no route', () => {
    const routes = plan('c', east).routes.filter(({ table }) => table === 254);
    const carried = routes.filter(({ to }) => to.kind !== 'unreachable').map(({ dst }) => dst);
    const guarded = routes.filter(({ to }) => to.kind === 'unreachable').map(({ dst }) => dst);
    expect(guarded).toEqual(carried);
    expect(carried).not.toContain('172.20.2.11/32');
    expect(carried).toContain('10.42.4.0/24');
  });
});

describe('peers', () => {
  const person = (name: string, spec: Partial<Peer['spec']>): Peer => ({
    apiVersion: 'kilo.squat.ai/v1alpha1',
    kind: 'Peer',
    metadata: { name },
    spec: { allowedIPs: ['10.9.0.1/32'], publicKey: fakeKey(name), ...spec },
  });

  test.each([
    ['a pod range', ['10.42.4.0/24'], 'PrefixTaken'],
    ['an address of the own location', ['172.20.1.11/32'], 'PrefixTaken'],
    ['everything', ['0.0.0.0/0'], 'DefaultRoute'],
    ['loopback', ['127.0.0.1/32'], 'SpecialRange'],
  ])('a laptop that asks for %s gets a problem, and the rest of what it asks for', (_what, bad, reason) => {
    const peer = person('laptop', { allowedIPs: [...bad, '10.9.0.1/32'] });
    const { problems, interfaces } = plan('a', east, [peer]);
    expect(problems.map((each) => [each.subject, each.reason])).toEqual([['peer laptop', reason]]);
    expect(interfaces[0]?.peers.find(({ owner }) => owner === 'peer laptop')?.allowedIPs).toEqual(['10.9.0.1/32']);
  });

  test('a bad peer changes nothing for anybody else', () => {
    const without = plan('a', east, []);
    const withBad = plan('a', east, [person('thief', { allowedIPs: ['10.42.4.0/24'], endpoint: { dnsOrIP: { dns: 'nowhere.example' }, port: 1 } })]);
    expect(withBad.routes).toEqual(without.routes);
    expect(withBad.interfaces[0]?.peers.filter(({ owner }) => owner !== 'peer thief')).toEqual(without.interfaces[0]?.peers);
    expect(withBad.problems.map(({ reason }) => reason)).toEqual(['PrefixTaken', 'Unresolved']);
  });
});

describe('any federation', () => {
  const sketch = (id: string, octet: number): fc.Arbitrary<NodeSketch[]> =>
    fc.array(fc.record({ location: fc.integer({ min: 0, max: 2 }), subnet: fc.integer({ min: 0, max: 1 }) }), { minLength: 1, maxLength: 7 }).map((nodes) =>
      nodes.map(({ location, subnet }, index) => ({
        name: `${id}${index}`,
        location: `l${location}`,
        internalIP: `172.${octet}.${location * 2 + subnet}.${10 + index}/24`,
        podCIDR: `10.${octet}.${index}.0/24`,
      })),
    );
  const federation = fc.record({ x: sketch('x', 20), y: sketch('y', 21), encapsulation: fc.constantFrom('never' as const, 'crosssubnet' as const, 'always' as const) });

  function hostsOf(input: { x: NodeSketch[]; y: NodeSketch[]; encapsulation: 'never' | 'crosssubnet' | 'always' }): Map<string, Host> {
    const mesh = { ...defaults, encapsulation: input.encapsulation };
    const [x, y] = [cluster(input.x, '10.4.0.0/16', mesh), cluster(input.y, '10.5.0.0/16', mesh)];
    const hosts = new Map<string, Host>();
    for (const [nodes, peers] of [[x, asPeers('y', y, 2)], [y, asPeers('x', x, 2)]] as const) {
      for (const node of nodes) {
        const planned = planNode({ node: node.metadata.name, mesh, nodes, peers, resolved: {}, underlayMtu: 1500 });
        if (planned.kind === 'absent') throw new Error(planned.reason);
        hosts.set(node.metadata.name, {
          plan: planned.plan,
          publicKey: node.spec.publicKey,
          internalIP: node.spec.internalIPs[0]?.split('/')[0],
          podCIDRs: node.spec.podCIDRs,
        });
      }
    }
    return hosts;
  }

  test('has one forward path between every pair of nodes, through the source check of every tunnel', () => {
    fc.assert(
      fc.property(federation, (input) => {
        const hosts = hostsOf(input);
        for (const [from, source] of hosts) {
          for (const [to, target] of hosts) {
            if (from === to) continue;
            const packet = { source: source.podCIDRs[0]?.replace('.0/24', '.5') ?? '', to: target.podCIDRs[0]?.replace('.0/24', '.9') ?? '' };
            const result = walk(hosts, from, packet);
            if (result.kind === 'lost') throw new Error(`${from} -> ${to}: lost at ${result.at}: ${result.why}`);
            expect(result.hops.at(-1)).toBe(to);
            expect(result.hops.length).toBeLessThanOrEqual(4);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  test('never gives one prefix to two peers of an interface', () => {
    fc.assert(
      fc.property(federation, (input) => {
        for (const { plan: { interfaces } } of hostsOf(input).values()) {
          for (const { peers } of interfaces) {
            const all = peers.flatMap(({ allowedIPs }) => allowedIPs);
            expect(new Set(all).size).toBe(all.length);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  test('is planned alike whatever the order of nodes and peers', () => {
    fc.assert(
      fc.property(sketch('x', 20), sketch('y', 21), fc.func(fc.nat()), (x, y, key) => {
        const nodes = cluster(x, '10.4.0.0/16');
        const peers = asPeers('y', cluster(y, '10.5.0.0/16'), 2);
        const shuffle = <T extends { readonly metadata: { readonly name: string } }>(items: readonly T[]): T[] =>
          items.toSorted((a, b) => key(a.metadata.name) - key(b.metadata.name));
        expect(plan('x0', shuffle(nodes), shuffle(peers))).toEqual(plan('x0', nodes, peers));
      }),
      { numRuns: 40 },
    );
  });

  test('keeps ids, addresses and slots when a node joins', () => {
    fc.assert(
      fc.property(sketch('x', 20), (sketches) => {
        const before = cluster(sketches, '10.4.0.0/16');
        const newcomer = { name: 'newcomer', location: 'l0', internalIP: '172.20.0.99/24', podCIDR: '10.20.99.0/24' };
        const [joined] = cluster([newcomer], '10.4.0.0/16').map(({ status: _status, ...rest }) => rest);
        const after = [...before, { ...joined, status: { meshAddresses: ['10.4.255.1'] } } as MeshNode];
        const [old, now] = [plan('x0', before), plan('x0', after)];
        expect(now.meshAddresses).toEqual(old.meshAddresses);
        expect(now.role).toEqual(old.role);
        for (const nexthop of old.nexthops) expect(now.nexthops.map(({ id }) => id)).toContain(nexthop.id);
        for (const group of old.groups) expect(now.groups.find(({ name }) => name === group.name)?.id).toBe(group.id);
      }),
      { numRuns: 40 },
    );
  });
});

test('plans 200 nodes and 2,000 peers within the budget, with room', () => {
  const nodes = cluster(
    Array.from({ length: 200 }, (_, index) => ({ name: `n${index}`, location: `l${index % 20}`, internalIP: `172.20.${index % 20}.${10 + Math.floor(index / 20)}/24`, podCIDR: `10.42.${index}.0/24` })),
    '10.4.0.0/16',
  );
  const peers = Array.from({ length: 2000 }, (_, index): Peer => ({
    apiVersion: 'kilo.squat.ai/v1alpha1',
    kind: 'Peer',
    metadata: { name: `p${index}` },
    spec: { allowedIPs: [`10.9.${index >> 8}.${index & 255}/32`], publicKey: fakeKey(`p${index}`) },
  }));
  const began = performance.now();
  const planned = plan('n0', nodes, peers);
  expect(planned.interfaces[0]?.peers).toHaveLength(2019);
  expect(performance.now() - began).toBeLessThan(2_000);
});
