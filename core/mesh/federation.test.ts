/**
 * What single plans of random federations of two members hold to, beside what holds for all plans together (test/mesh).
 */
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { MeshNode } from '../api/meshNode.js';
import type { MeshSpec } from '../api/meshSpec.js';
import type { Peer } from '../api/peer.js';
import { asPeers, cluster, defaults, fakeKey, type NodeSketch, externalPeer } from '../../test/fakes/mesh.js';
import { type Host, walk } from '../../test/fakes/walk.js';
import { addressOf } from '../net/cidr.js';
import { planNode } from './planNode.js';
import type { NodePlan } from './plan.js';

interface Federation {
  readonly x: readonly NodeSketch[];
  readonly y: readonly NodeSketch[];
  readonly planes: readonly [number, number];
  readonly granularity: readonly [MeshSpec['granularity'], MeshSpec['granularity']];
  readonly encapsulation: MeshSpec['encapsulation'];
}

/** Up to seven nodes in up to three locations of two subnets each; some stand alone, some are dialled at a public address. */
const sketches = (id: string, octet: number): fc.Arbitrary<NodeSketch[]> =>
  fc
    .array(
      fc.record({
        location: fc.integer({ min: 0, max: 2 }),
        subnet: fc.integer({ min: 0, max: 1 }),
        alone: fc.boolean(),
        isPublic: fc.boolean(),
        willing: fc.boolean(),
      }),
      { minLength: 1, maxLength: 7 },
    )
    .map((nodes) =>
      nodes.map(({ location, subnet, alone, isPublic, willing }, index): NodeSketch => ({
        name: `${id}${index}`,
        location: `l${location}`,
        ...(alone && index % 3 === 2 ? { internalIP: null } : { internalIP: `172.${octet}.${location * 2 + subnet}.${10 + index}/24` }),
        ...(isPublic || (alone && index % 3 === 2) ? { endpoint: `203.0.${octet}.${index}` } : {}),
        podCIDR: `10.${octet}.${index}.0/24`,
        gateway: willing ? 'preferred' : 'auto',
      })),
    );

const granularities = fc.constantFrom('location' as const, 'full' as const, 'cross' as const);

const federation: fc.Arbitrary<Federation> = fc.record({
  x: sketches('x', 20),
  y: sketches('y', 21),
  planes: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
  granularity: fc.tuple(granularities, granularities),
  encapsulation: fc.constantFrom('never', 'crosssubnet', 'always'),
});

function membersOf({
  x,
  y,
  planes: [planesX, planesY],
  granularity: [granularityX, granularityY],
  encapsulation,
}: Federation): { readonly mesh: MeshSpec; readonly nodes: MeshNode[]; readonly peers: Peer[] }[] {
  const [meshX, meshY] = [
    { ...defaults, planes: planesX, granularity: granularityX, encapsulation },
    { ...defaults, planes: planesY, granularity: granularityY, encapsulation },
  ];
  const [nodesX, nodesY] = [cluster(x, '10.4.0.0/16', meshX), cluster(y, '10.5.0.0/16', meshY)];
  return [
    { mesh: meshX, nodes: nodesX, peers: asPeers('y', nodesY, meshY) },
    { mesh: meshY, nodes: nodesY, peers: asPeers('x', nodesX, meshX) },
  ];
}

function hostsOf(input: Federation): Map<string, Host> {
  const hosts = new Map<string, Host>();
  for (const { mesh, nodes, peers } of membersOf(input)) {
    for (const node of nodes) {
      hosts.set(node.metadata.name, {
        plan: plan(node.metadata.name, { mesh, nodes, peers }),
        publicKey: node.spec.publicKey,
        site: node.spec.internalIPs.length === 0 ? node.metadata.name : `${node.metadata.name.slice(0, 1)} ${node.spec.location}`,
        internalIPs: node.spec.internalIPs.map((each) => addressOf(each) ?? ''),
        podCIDRs: node.spec.podCIDRs,
      });
    }
  }
  return hosts;
}

function plan(
  node: string,
  {
    mesh = defaults,
    nodes,
    peers = [],
  }: { readonly mesh?: MeshSpec; readonly nodes: readonly MeshNode[]; readonly peers?: readonly Peer[] },
): NodePlan {
  const planned = planNode({ node, mesh, nodes, peers, resolved: {}, underlayMtu: 1500 });
  if (planned.kind === 'absent') throw new Error(planned.reason);
  return planned.plan;
}

function pairsOf(hosts: ReadonlyMap<string, Host>): readonly (readonly [string, Host, string, Host])[] {
  const all = [...hosts];
  return all.flatMap(([from, source]) => all.filter(([to]) => to !== from).map(([to, target]) => [from, source, to, target] as const));
}

const isEqual = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** An address at which a tunnel of the cluster, or as the hub sees it, may end is left to the underlay. */
function mayEndTunnels(name: string, host: Host, { x, y }: Federation): boolean {
  return host.plan.role.kind === 'gateway' || [...x, ...y].some((node) => node.name === name && node.endpoint === undefined);
}

const podOf = ({ podCIDRs }: Host, last: number): string => podCIDRs[0]?.replace('.0/24', `.${last}`) ?? '';

describe('any federation', () => {
  test('carries pods to nodes, in VXLAN wherever pods are', () => {
    fc.assert(
      fc.property(federation, (input) => {
        const hosts = hostsOf(input);
        for (const [from, source, to, target] of pairsOf(hosts)) {
          const near = source.site === target.site;
          const [address] = target.internalIPs;
          // Between nodes that are segments each, what is meant for a node itself takes no tunnel.
          if (
            address === undefined ||
            (!near && mayEndTunnels(to, target, input)) ||
            (near && input.granularity[from.startsWith('x') ? 0 : 1] === 'full')
          )
            continue;
          const result = walk(hosts, from, { source: podOf(source, 5), to: address });
          if (result.kind === 'lost') throw new Error(`${from} -> ${to}: lost at ${result.at}: ${result.why}`);
          const inside = result.devices.filter((device) => !/^kilo\d$/.test(device));
          if (input.encapsulation === 'always') expect(inside).not.toContain('underlay');
          if (input.encapsulation === 'never') expect(inside).not.toContain('kilovx');
          const pods = walk(hosts, from, { source: podOf(source, 5), to: podOf(target, 9) });
          expect(pods).toEqual(result);
        }
      }),
      { numRuns: 40 },
    );
  });

  test('never gives one prefix to two peers of an interface', () => {
    const greedy = fc.array(
      fc.array(
        fc.constantFrom('10.20.0.0/24', '10.20.0.0/16', '10.4.0.0/15', '10.9.0.0/16', '10.9.1.1/32', '172.16.0.0/12', '10.0.0.0/8'),
        { maxLength: 4 },
      ),
      { maxLength: 4 },
    );
    fc.assert(
      fc.property(federation, greedy, (input, wishes) => {
        const external = wishes.map((allowedIPs, index) => externalPeer(`p${index}`, { allowedIPs }));
        for (const { mesh, nodes, peers } of membersOf(input)) {
          for (const node of nodes) {
            const alone = plan(node.metadata.name, { mesh, nodes });
            const people = plan(node.metadata.name, { mesh, nodes, peers: external });
            const { interfaces, routes } = plan(node.metadata.name, { mesh, nodes, peers: [...peers, ...external] });
            for (const device of interfaces) {
              const all = device.peers.flatMap(({ allowedIPs }) => allowedIPs);
              expect(new Set(all).size).toBe(all.length);
            }
            expect(new Set(routes.map(({ table, dst, metric }) => `${table} ${dst} ${metric}`)).size).toBe(routes.length);
            const byPlace = new Map(routes.map((route) => [`${route.table} ${route.dst} ${route.metric}`, route]));
            const changed = (plain: NodePlan): NodePlan['routes'] =>
              plain.routes.filter((route) => !isEqual(route, byPlace.get(`${route.table} ${route.dst} ${route.metric}`)));
            // Nobody changes what is the cluster's own, and another member nothing of what people wrote.
            expect([changed(alone), changed(people)]).toEqual([[], []]);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  test('keeps ids, addresses and routes when a node joins', () => {
    fc.assert(
      fc.property(sketches('x', 20), (known) => {
        const nodes = cluster(known, '10.4.0.0/16');
        const newcomer: NodeSketch = { name: 'newcomer', location: 'l0', internalIP: '172.20.0.99/24', podCIDR: '10.20.99.0/24' };
        const joined = cluster([newcomer], '10.4.0.0/16').map((node): MeshNode => ({ ...node, status: { meshAddresses: ['10.4.255.1'] } }));
        const [old, now] = [plan('x0', { nodes }), plan('x0', { nodes: [...nodes, ...joined] })];
        expect(now.meshAddresses).toEqual(old.meshAddresses);
        expect(now.role).toEqual(old.role);
        expect(now.nexthops).toEqual(expect.arrayContaining([...old.nexthops]));
        for (const group of old.groups)
          expect(now.groups.find(({ name }) => name === group.name)).toMatchObject({ id: group.id, active: group.active });
        // A location in which nobody could be reached before may have got its gateway's last pods; those of others stay.
        const mine = (dst: string): boolean =>
          !dst.startsWith('10.20.99.') && !dst.startsWith('172.20.0.99') && !dst.startsWith('10.4.255.1');
        expect(now.routes.filter(({ dst }) => mine(dst))).toEqual(old.routes);
      }),
      { numRuns: 40 },
    );
  });
});

test('every external peer is a peer of a gateway, beside two hundred nodes in twenty locations', () => {
  const nodes = cluster(
    Array.from({ length: 200 }, (_, index) => ({
      name: `n${index}`,
      location: `l${index % 20}`,
      internalIP: `172.20.${index % 20}.${10 + Math.floor(index / 20)}/24`,
      podCIDR: `10.42.${index}.0/24`,
    })),
    '10.4.0.0/16',
  );
  const peers = Array.from({ length: 2000 }, (_, index) =>
    externalPeer(`p${index}`, { allowedIPs: [`10.9.${index >> 8}.${index & 255}/32`], publicKey: fakeKey(`p${index}`) }),
  );
  expect(plan('n0', { nodes, peers }).interfaces[0]?.peers).toHaveLength(2019);
});
