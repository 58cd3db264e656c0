import { describe, expect, test } from '@jest/globals';
import { subjectText } from '../api/problem.js';
import type { MeshNode } from '../api/meshNode.js';
import { asPeers, cluster, externalPeer } from '../../test/fakes/mesh.js';
import { EAST, west, plan, carried, reasons } from '../../test/fakes/meshPlans.js';
import type { NodePlan } from './plan.js';
import { ROUTE_METRIC } from './reserved.js';

describe('networks beside nodes (kilo.squat.ai/allowed-location-ips)', () => {
  const LAN = '192.168.178.0/24';
  const beside = (locationIPs: readonly string[], at = 'd'): MeshNode[] =>
    cluster(
      EAST.map((node) => (node.name === at ? { ...node, locationIPs } : node)),
      '10.4.0.0/16',
    );
  const allowedOf = (planned: NodePlan, owner: string): readonly string[] =>
    planned.interfaces[0]?.peers.find((peer) => subjectText(peer.owner) === owner)?.allowedIPs ?? [];

  test('are routed to, and taken from, the segment of the location', () => {
    const nodes = beside([LAN]);
    expect(carried(plan('a', nodes))).toContain(`${LAN} -> plane/0|node/b`);
    expect(allowedOf(plan('a', nodes), 'gateway d')).toContain(LAN);
    expect(carried(plan('c', nodes))).toContain(`${LAN} -> node/a|node/b`);
    expect(carried(plan('d', nodes)).filter((each) => each.startsWith('192.168'))).toEqual([]);
  });

  test('belong to the nodes of the location alike, whoever names them', () => {
    const nodes = beside([LAN], 'c');
    for (const name of ['gateway a', 'gateway b'])
      expect(
        plan('d', nodes)
          .interfaces.flatMap(({ peers }) => peers)
          .find(({ owner }) => subjectText(owner) === name)?.allowedIPs,
      ).toContain(LAN);
    for (const name of ['a', 'b', 'c']) expect(carried(plan(name, nodes)).filter((each) => each.startsWith('192.168'))).toEqual([]);
  });

  test('with granularity cross lead to the node that names them', () => {
    const mesh = { granularity: 'cross' } as const;
    const d = plan('d', beside([LAN], 'c'), { mesh });
    expect(d.interfaces[0]?.peers.filter(({ allowedIPs }) => allowedIPs.includes(LAN)).map(({ owner }) => subjectText(owner))).toEqual([
      'gateway c',
    ]);
    expect(carried(plan('a', beside([LAN], 'c'), { mesh })).filter((each) => each.startsWith('192.168'))).toEqual([]);
  });

  test.each([
    ['the pods of a node', '10.42.1.0/25', 'PrefixTaken'],
    ['a node itself', '172.20.9.13/32', 'PrefixTaken'],
    ['everything', '0.0.0.0/0', 'DefaultRoute'],
    ['link-local addresses', '169.254.0.0/16', 'SpecialRange'],
    ['the network that a itself stands in', '172.20.1.0/24', 'LocalNetwork'],
  ])('that are %s get a problem, and the others stay', (_what, bad, reason) => {
    const planned = plan('a', beside([bad, LAN]), { peers: asPeers('west', west, 2) });
    expect(reasons(planned)).toEqual([`segment location:us: ${reason}`]);
    expect(allowedOf(planned, 'gateway d').filter((each) => [bad, LAN].includes(each))).toEqual([LAN]);
  });

  test("H3: that are another member's pods are the cluster's own, and the member gets the problem", () => {
    const planned = plan('a', beside(['10.43.0.0/24', LAN]), { peers: asPeers('west', west, 2) });
    expect(reasons(planned)).toEqual(['segment west/location-: PrefixTaken']);
    expect(allowedOf(planned, 'gateway d').filter((each) => ['10.43.0.0/24', LAN].includes(each))).toEqual(['10.43.0.0/24', LAN]);
    expect(allowedOf(planned, 'gateway west-location--0')).not.toContain('10.43.0.0/24');
  });

  test('may lie around nodes and pods, which keep what is theirs', () => {
    const wide = beside(['172.16.0.0/12', '10.42.0.0/16']);
    const planned = plan('a', wide);
    expect(planned.problems).toEqual([]);
    expect(carried(planned)).toEqual(
      expect.arrayContaining(['10.42.0.0/16 -> plane/0|node/b', '10.42.2.0/24 -> node/b', '172.24.0.0/13 -> plane/0|node/b']),
    );
    expect(carried(planned).map((each) => each.split(' ')[0])).not.toContain('172.20.1.12/32');
  });

  test('give a laptop inside them what is its own, and a site around them the rest', () => {
    const peers = [
      externalPeer('laptop', { allowedIPs: ['192.168.178.7/32'] }),
      externalPeer('site', { allowedIPs: ['192.168.0.0/16'] }),
      externalPeer('twin', { allowedIPs: [LAN] }),
    ];
    const planned = plan('a', beside([LAN]), { peers });
    expect(reasons(planned)).toEqual(['peer twin: PrefixTaken']);
    expect(planned.routes.filter(({ dst, metric }) => dst.startsWith('192.168') && metric === ROUTE_METRIC).map(({ dst }) => dst)).toEqual([
      '192.168.0.0/16',
      LAN,
      '192.168.178.7/32',
    ]);
  });

  test.each(['publicKey', 'allowedIPs'] as const)('an external peer keeps its %s, though a younger one of lower name wants it', (what) => {
    const old = externalPeer('laptop', { allowedIPs: ['10.5.0.1/32'] });
    const young = externalPeer('bad', { allowedIPs: ['10.5.0.2/32'], [what]: old.spec[what] });
    const aged = [
      { ...young, metadata: { name: 'bad', creationTimestamp: '2026-01-02T00:00:00Z' } },
      { ...old, metadata: { name: 'laptop', creationTimestamp: '2026-01-01T00:00:00Z' } },
    ];
    const planned = plan('a', beside([]), { peers: aged });
    expect(reasons(planned)).toEqual([`peer bad: ${what === 'publicKey' ? 'DuplicateKey' : 'PrefixTaken'}`]);
    expect(allowedOf(planned, 'peer laptop')).toEqual(['10.5.0.1/32']);
  });

  test('are left to the own location also by a site around them', () => {
    const planned = plan('d', beside([LAN]), { peers: [externalPeer('site', { allowedIPs: ['192.168.176.0/21'] })] });
    expect(planned.problems).toEqual([]);
    expect(carried(planned).filter((each) => each.startsWith('192.168'))).toEqual([
      '192.168.176.0/23 -> plane/0',
      '192.168.179.0/24 -> plane/0',
      '192.168.180.0/22 -> plane/0',
    ]);
  });

  test('that two locations name: each has its own at home, and the first by name elsewhere', () => {
    const nodes = cluster(
      [
        ...EAST.map((node) => (node.name === 'c' || node.name === 'd' ? { ...node, locationIPs: [LAN] } : node)),
        { name: 'e', location: 'asia', internalIP: '172.20.3.1/24', podCIDR: '10.42.5.0/24' },
      ],
      '10.4.0.0/16',
    );
    expect(carried(plan('e', nodes))).toContain(`${LAN} -> plane/0|plane/1`);
    expect(reasons(plan('e', nodes))).toEqual(['segment location:us: PrefixTaken']);
    expect(reasons(plan('d', nodes))).toEqual(['segment location:eu: PrefixTaken']);
    expect(carried(plan('d', nodes)).filter((each) => each.startsWith('192.168'))).toEqual([]);
  });
});
