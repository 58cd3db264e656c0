/**
 * Pods whose addresses others than the Node say (MeshNode.status.assignedPods).
 */
import { describe, expect, test } from '@jest/globals';
import { asPeers } from '../../test/fakes/mesh.js';
import { carried, EAST, east, meshAddress, plan, reasons, west } from '../../test/fakes/meshPlans.js';
import type { AssignedPods, MeshNode } from '../api/meshNode.js';
import { addressOf } from '../net/cidr.js';
import { RULE_TABLE } from './reserved.js';
import { verifiedNodes } from './verified.js';

/** c is in another subnet than a and b, d in another location. b lends an address to d. */
const BLOCKS: Readonly<Record<string, readonly string[]>> = {
  a: ['10.244.1.0/26', '10.244.7.64/26'],
  b: ['10.244.2.0/26'],
  c: [],
  d: ['10.244.2.9/32', '10.244.4.0/26'],
};

function assigned(by: AssignedPods['by'], ranges = BLOCKS): MeshNode[] {
  return east.map((node) => {
    const { publicKey, location, podCIDRs, internalIPs, endpoints } = node.spec;
    const verified = {
      publicKey,
      location,
      podCIDRs,
      internalIPs: internalIPs.map((each) => addressOf(each) ?? ''),
      endpoints: endpoints.map(({ host }) => host),
    };
    const cidrs = ranges[node.metadata.name];
    return { ...node, status: { ...node.status, verified, ...(cidrs === undefined ? {} : { assignedPods: { by, cidrs: [...cidrs] } }) } };
  });
}

/** What is routed of pods, whoever's. */
const pods = (node: string, nodes: readonly MeshNode[], peers = asPeers('west', west, 2)): string[] =>
  carried(plan(node, nodes, { peers })).filter((each) => /^10[.](42|43|244)[.]/.test(each));

test('it takes the place of what the Node says, also where it is nothing', () => {
  const nodes = verifiedNodes(assigned('calico', { a: ['10.244.1.0/26'], b: [] }));
  expect(nodes.map(({ spec }) => spec.podCIDRs)).toEqual([['10.244.1.0/26'], [], ['10.42.3.0/24'], ['10.42.4.0/24']]);
});

test('it counts only beside what the cluster-agent has verified', () => {
  const unverified = assigned('calico').map((node) => ({ ...node, status: { ...node.status, verified: undefined } }));
  expect(verifiedNodes(unverified).map(({ spec }) => spec.podCIDRs[0])).toEqual(EAST.map(({ podCIDR }) => podCIDR));
});

describe.each(['calico', 'cilium'] as const)('%s', (plugin) => {
  const nodes = assigned(plugin);

  test('carries pods inside the location: the mesh has routes for other locations and members only, which outbid its own', () => {
    expect(pods('c', nodes)).toEqual([
      '10.244.2.9/32 -> node/a|node/b',
      '10.244.4.0/27 -> node/a|node/b',
      '10.244.4.32/27 -> node/a|node/b',
      '10.43.0.0/24 -> node/a|node/b',
    ]);
    const { rules, routes, problems } = plan('c', nodes);
    expect([rules, problems]).toEqual([[], []]);
    // Whatever the plugin masquerades.
    expect(plan('c', nodes, { peers: asPeers('west', west, 2) }).firewall.kept).toMatchObject({
      pods: ['10.244.1.0/26', '10.244.2.0/26', '10.244.4.0/26', '10.244.7.64/26'],
      remote: expect.arrayContaining(['10.43.0.0/24', '10.244.4.0/26']),
    });
    expect(routes.filter(({ dst }) => /^10[.]42[.]|^10[.]244[.][127][.]0/.test(dst))).toEqual([]);
    expect(carried(plan('c', nodes))).toContain(`${meshAddress(east, 'a')}/32 -> node/a`);
  });

  test('its pods lie behind the gateways of their location, each behind its own', () => {
    const far = pods('d', nodes);
    expect(far.map((each) => each.split(' ')[0])).toEqual([
      ...['10.244.1.0/27', '10.244.1.32/27'],
      ...['10.244.2.0/27', '10.244.2.32/27'],
      ...['10.244.7.64/27', '10.244.7.96/27'],
      '10.43.0.0/24',
    ]);
    const [kilo0] = plan('d', nodes).interfaces;
    expect(kilo0?.peers.flatMap(({ allowedIPs }) => allowedIPs)).toEqual(
      expect.arrayContaining(['10.244.1.0/26', '10.244.2.0/26', '10.244.7.64/26']),
    );
    expect(plan('a', nodes).interfaces[0]?.peers.flatMap(({ allowedIPs }) => allowedIPs)).toContain('10.244.2.9/32');
  });

  test("an address that one location borrows from a block of another is nobody else's, and no problem", () => {
    for (const name of ['a', 'b', 'c', 'd']) expect(reasons(plan(name, nodes, { peers: asPeers('west', west, 2) }))).toEqual([]);
  });

  test('a block that comes or goes changes nothing of the others', () => {
    const before = pods('d', nodes);
    const more = pods('d', assigned(plugin, { ...BLOCKS, c: ['10.244.9.0/26'] }));
    expect(more.filter((each) => !before.includes(each)).map((each) => each.split(' ')[0])).toEqual(['10.244.9.0/27', '10.244.9.32/27']);
    expect(before.filter((each) => !more.includes(each))).toEqual([]);
  });
});

test('what an annotation says, the mesh carries as what a Node says', () => {
  const nodes = assigned('annotation', { a: ['10.77.1.0/26'], b: ['10.77.2.0/26'], c: ['10.77.3.0/26'], d: ['10.77.4.0/26'] });
  const { rules } = plan('c', nodes);
  expect(rules).toEqual([{ priority: 1107, from: '10.77.3.0/26', table: RULE_TABLE }]);
  expect(carried(plan('c', nodes)).filter((each) => each.startsWith('10.77.'))).toEqual([
    '10.77.1.0/26 -> node/a',
    '10.77.2.0/26 -> node/b',
    '10.77.4.0/26 -> node/a|node/b',
  ]);
});
