/**
 * What holds for the plans of any federation taken together: everybody reaches everybody by one path, whichever gateways are in
 * use, and nothing depends on the order of inputs or on who else is there.
 */
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { MeshNode } from '../../core/api/meshNode.js';
import { addressOf, type Cidr, contains, formatAddress, parseCidr, singleAddress } from '../../core/net/cidr.js';
import type { Peer } from '../../core/api/peer.js';
import { segmentName, siteName } from '../../core/mesh/segments.js';
import { type Hosts, type Packet, type Setting, takes, type Walk, walk } from '../fakes/walk.js';
import { besideOf, federations, hostsOf, type Member, type MemberSketch, membersOf, planOf } from './federations.js';

/** The `index`-th address of a network. */
const nth = (network: string, index: number): string => {
  const { family, first } = parseCidr(network) as Cidr;
  return formatAddress(family, first + BigInt(index));
};

const isSameFamily = (a: string, b: string): boolean => a.includes(':') === b.includes(':');

interface Journey {
  readonly from: string;
  readonly to: string;
  readonly packet: Packet;
}

/** From every pod to every pod and mesh address of every other node. */
function journeys(hosts: Hosts): Journey[] {
  return [...hosts].flatMap(([from, source]) =>
    [...hosts]
      .filter(([to]) => to !== from)
      .flatMap(([to, target]) =>
        source.podCIDRs
          .map((network) => nth(network, 5))
          .flatMap((pod) =>
            [...target.podCIDRs.map((network) => nth(network, 9)), ...target.plan.meshAddresses]
              .filter((each) => isSameFamily(each, pod))
              .map((each) => ({ from, to, packet: { source: pod, to: each } })),
          ),
      ),
  );
}

function arrive(hosts: Hosts, from: string, packet: Packet, setting?: Setting): Walk & { readonly kind: 'arrived' } {
  const result = walk(hosts, from, packet, setting);
  if (result.kind === 'lost') throw new Error(`${packet.source} at ${from} -> ${packet.to}: lost at ${result.at}: ${result.why}`);
  return result;
}

describe('any federation', () => {
  test('has no problems', () => {
    fc.assert(
      fc.property(federations, (sketches) => {
        for (const { plan } of hostsOf(membersOf(sketches)).values()) expect(plan.problems).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  test('has one path from every pod to every other pod and node of the same family, whichever gateways are in use', () => {
    fc.assert(
      fc.property(federations, fc.integer({ min: 0, max: 2 }), (sketches, pathIndex) => {
        const hosts = hostsOf(membersOf(sketches));
        for (const { from, to, packet } of journeys(hosts)) {
          for (const setting of [{}, { pathIndex }]) {
            const { hops } = arrive(hosts, from, packet, setting);
            expect(hops.at(-1)).toBe(to);
            // Own gateway, far gateway; another one in between where a member has fewer planes than slots are in use.
            expect(hops.length).toBeLessThanOrEqual(5);
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  test('takes a single tunnel where granularity is full or cross, and none inside a location but with full', () => {
    fc.assert(
      fc.property(federations, (sketches) => {
        for (const one of membersOf(sketches).filter(({ mesh }) => mesh.granularity !== 'location')) {
          const hosts = hostsOf([one]);
          for (const from of one.nodes) {
            for (const to of one.nodes.filter((each) => each !== from)) {
              const { devices } = arrive(hosts, from.metadata.name, {
                source: nth(from.spec.podCIDRs[0] ?? '', 5),
                to: nth(to.spec.podCIDRs[0] ?? '', 9),
              });
              expect(devices).toHaveLength(1);
              expect(devices[0] === 'kilo0').toBe(
                one.mesh.granularity === 'full' || siteName(from, 'location') !== siteName(to, 'location'),
              );
            }
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  test('brings external peers to every pod of their cluster by any gateway of its segment, and back', () => {
    fc.assert(
      fc.property(federations, (sketches) => {
        for (const one of membersOf(sketches)) {
          const hosts = hostsOf([one]);
          const externalPeers = new Map(one.externalPeers.map(({ metadata, spec }) => [spec.publicKey, `peer ${metadata.name}`]));
          for (const { external, theirs, publicKey } of one.externalPeers.flatMap(addressesOf)) {
            for (const node of one.nodes) {
              const [pod] = node.spec.podCIDRs.map((network) => nth(network, 5)).filter((each) => isSameFamily(each, theirs));
              if (pod === undefined) continue;
              expect(arrive(hosts, node.metadata.name, { source: pod, to: theirs }, { externalPeers }).hops.at(-1)).toBe(external);
              for (const gateway of segmentOf(one, node).filter((name) => hosts.get(name)?.plan.role.kind === 'gateway')) {
                expect(takes(hosts, { name: gateway, device: 'kilo0' }, publicKey, theirs)).toBe(true);
                expect(arrive(hosts, gateway, { source: theirs, to: pod }, { externalPeers, device: 'kilo0' }).hops.at(-1)).toBe(
                  node.metadata.name,
                );
              }
            }
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  test('reaches networks beside nodes from the whole cluster, and is reached from there', () => {
    fc.assert(
      fc.property(federations, (sketches) => {
        for (const [index, one] of membersOf(sketches).entries()) {
          const hosts = hostsOf([one]);
          const network = besideOf(sketches[index] as MemberSketch);
          const printer = nth(network, 7);
          const doors = [...hosts].filter(([, { beside }]) => beside?.includes(network));
          for (const [from, { podCIDRs }] of hosts) {
            const pod = podCIDRs.map((each) => nth(each, 5)).find((each) => isSameFamily(each, printer)) ?? '';
            const { hops } = arrive(hosts, from, { source: pod, to: printer });
            expect(hops.at(-1)).toBe('lan');
            expect(doors.map(([name]) => name)).toContain(hops.at(-2));
            for (const door of segmentOf(one, one.nodes[0] as MeshNode))
              expect(arrive(hosts, door, { source: printer, to: pod }).hops.at(-1)).toBe(from);
          }
        }
      }),
      { numRuns: 40 },
    );
  });
});

/** An address of each prefix of an external peer. */
function addressesOf({ metadata, spec }: Peer): { readonly external: string; readonly theirs: string; readonly publicKey: string }[] {
  return spec.allowedIPs.map((prefix) => ({
    external: `peer ${metadata.name}`,
    theirs: nth(prefix, prefix === singleAddress(addressOf(prefix) ?? '') ? 0 : 77),
    publicKey: spec.publicKey,
  }));
}

function segmentOf({ mesh, nodes }: Member, node: MeshNode): string[] {
  return nodes
    .filter((each) => segmentName(each, mesh.granularity) === segmentName(node, mesh.granularity))
    .map(({ metadata }) => metadata.name);
}

describe('any plan', () => {
  test('gives a prefix to one peer of an interface, and nests them only where external peers or other networks are around', () => {
    fc.assert(
      fc.property(federations, (sketches) => {
        const mayContain = new Set([...sketches.map(besideOf), '192.168.0.0/16', 'fd00:168::/32']);
        for (const { plan } of hostsOf(membersOf(sketches)).values()) {
          for (const { peers } of plan.interfaces) {
            const all = peers.flatMap(({ publicKey, allowedIPs }) =>
              allowedIPs.map((text) => ({ publicKey, text, cidr: parseCidr(text) as Cidr })),
            );
            expect(new Set(all.map(({ text }) => text)).size).toBe(all.length);
            const nested = all.flatMap((outer) =>
              all.filter((inner) => inner !== outer && contains(outer.cidr, inner.cidr)).map(() => outer.text),
            );
            expect(nested.filter((outer) => !mayContain.has(outer))).toEqual([]);
          }
          expect(new Set(plan.routes.map(({ table, dst, metric }) => `${table} ${dst} ${metric}`)).size).toBe(plan.routes.length);
        }
      }),
      { numRuns: 50 },
    );
  });

  test('is the same whatever the order of nodes and peers', () => {
    fc.assert(
      fc.property(federations, fc.func(fc.nat()), (sketches, key) => {
        const shuffle = <T extends { readonly metadata: { readonly name: string } }>(items: readonly T[]): T[] =>
          items.toSorted((a, b) => key(a.metadata.name) - key(b.metadata.name));
        for (const { mesh, nodes, peers } of membersOf(sketches)) {
          for (const {
            metadata: { name },
          } of nodes)
            expect(planOf({ mesh, nodes: shuffle(nodes), peers: shuffle(peers) }, name)).toEqual(planOf({ mesh, nodes, peers }, name));
        }
      }),
      { numRuns: 40 },
    );
  });
});
