/**
 * One node that joins a federation changes only what concerns it: in its own cluster and in every other member, whether it comes
 * to others or alone, as a gateway or not. And everybody reaches it.
 */
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { MeshNode } from '../../core/api/meshNode.js';
import { LABEL } from '../../core/api/names.js';
import type { GroupPath, NodePlan } from '../../core/mesh/plan.js';
import { MAIN_TABLE, RULE_TABLE } from '../../core/mesh/reserved.js';
import { nodePrefixes, segmentName } from '../../core/mesh/segments.js';
import { formatAddress, parseCidr } from '../../core/net/cidr.js';
import { isWithin } from '../../core/net/sets.js';
import { walk } from '../fakes/walk.js';
import { type Arrival, federations, hostsOf, type Member, type MemberSketch, membersOf, planOf } from './federations.js';

interface Joined {
  /** Of the member that it joins. */
  readonly id: string;
  readonly node: MeshNode;
  readonly before: readonly Member[];
  readonly after: readonly Member[];
}

/** Lets one more node join the `which`-th member. */
function join(sketches: readonly MemberSketch[], which: number, arrival: Arrival): Joined {
  const { id } = sketches[which % sketches.length] as MemberSketch;
  const [before, after] = [membersOf(sketches), membersOf(sketches, new Map([[id, arrival]]))];
  return { id, node: after.find((one) => one.id === id)?.nodes.at(-1) as MeshNode, before, after };
}

const joins = (arrival: Arrival, check: (joined: Joined) => void): void =>
  fc.assert(
    fc.property(federations, fc.nat({ max: 2 }), (sketches, which) => check(join(sketches, which, arrival))),
    { numRuns: 30 },
  );

describe.each<Arrival>(['member', 'gateway', 'location'])('a node that joins: %s;', (arrival) => {
  test('changes no plan but in what is its own: peers of its key, its prefixes, paths by it, and the groups that lead to it alone', () => {
    joins(arrival, (joined) => {
      for (const [index, { nodes }] of joined.before.entries()) {
        for (const {
          metadata: { name },
        } of nodes) {
          const [was, is] = [joined.before[index] as Member, joined.after[index] as Member].map((member) =>
            without(planOf(member, name), joined),
          );
          expect({ name, plan: is }).toEqual({ name, plan: was });
        }
      }
    });
  });

  test('is reached by every pod of its address family, and so is everybody still', () => {
    joins(arrival, ({ node, after }) => {
      const hosts = hostsOf(after);
      for (const [from, { podCIDRs }] of hosts) {
        for (const pods of podCIDRs.filter((each) => each.includes(':') === (node.spec.podCIDRs[0] ?? '').includes(':'))) {
          for (const [to, target] of hosts) {
            const there = target.podCIDRs.find((each) => each.includes(':') === pods.includes(':'));
            if (to === from || there === undefined) continue;
            expect(walk(hosts, from, { source: fifth(pods), to: fifth(there) })).toMatchObject({
              kind: 'arrived',
              hops: expect.arrayContaining([to]),
            });
          }
        }
      }
    });
  });
});

test.each<[Arrival, number, number | undefined]>([
  ['member', 2, undefined],
  ['gateway', 2, 1],
  ['gateway', 1, undefined],
  ['location', 2, 0],
])('a newcomer beside one node, %s, with %d planes, has the slot %p, and the other keeps the first', (arrival, planes, slot) => {
  const traits = { location: 0, subnet: 0, alone: false, isPublic: false, willing: false };
  const { node, after } = join([{ id: 'x', number: 20, stack: 'IPv4', mesh: { planes }, nodes: [traits], externalPeers: [] }], 0, arrival);
  expect(after[0]?.nodes.map(({ status }) => status?.slot)).toEqual([0, slot]);
  expect(node.metadata.name).toBe('x99');
});

/** An address of a pod there. */
function fifth(network: string): string {
  const cidr = parseCidr(network);
  return cidr === undefined ? '' : formatAddress(cidr.family, cidr.first + 5n);
}

/** What tells of tunnels and routes, without what is the newcomer's. */
function without({ interfaces, routes, groups, rules }: NodePlan, { id, node, after }: Joined): unknown {
  const { name } = node.metadata;
  const { publicKey } = node.spec;
  const isOthers = (prefix: string): boolean =>
    !isWithin(
      prefix,
      nodePrefixes(node).map(({ text }) => text),
    );
  // Its segment, as its own cluster calls it and, where it is a gateway, as others do.
  const { mesh, nodes } = after.find((one) => one.id === id) as Member;
  const own = segmentName(node, mesh.granularity);
  const told = after.flatMap(({ peers }) => peers).find(({ spec }) => spec.publicKey === publicKey)?.metadata.labels?.[LABEL.segment];
  const leadsThere = (segment: string): boolean => [own, `${id}/${told}`].includes(segment);
  const isAlone = nodes.filter((each) => segmentName(each, mesh.granularity) === own).length === 1;
  const isPathBy = (segment: string, path: GroupPath): boolean =>
    path.kind === 'node' ? path.node === name : leadsThere(segment) && path.slot === node.status?.slot;
  return {
    interfaces: interfaces
      .map(({ peers, ...rest }) => ({
        ...rest,
        peers: peers
          .filter((peer) => peer.publicKey !== publicKey)
          .map((peer) => ({ ...peer, allowedIPs: peer.allowedIPs.filter(isOthers) })),
      }))
      // Where every node is a segment, one is there only while it has a peer.
      .filter(({ peers }) => peers.length > 0),
    // The sources of probes are there from the first node on that there is to probe.
    routes: routes.filter(({ table, dst }) => [MAIN_TABLE, RULE_TABLE].includes(table) && isOthers(dst)),
    groups: groups
      .filter(({ segment }) => !(isAlone && leadsThere(segment)))
      .map(({ paths, ...rest }) => ({ ...rest, paths: paths.filter((path) => !isPathBy(rest.segment, path)) })),
    rules: rules.filter(({ from }) => from === undefined),
  };
}
