import { describe, expect, test } from '@jest/globals';
import type { MeshNode } from '../api/meshNode.js';
import type { MeshSpec } from '../api/mesh.js';
import { ANNOTATION } from '../api/names.js';
import type { Peer } from '../api/peer.js';
import { asPeers, cluster, defaults, fakeKey, type NodeSketch, personPeer } from '../../test/fakes/mesh.js';
import { planNode } from './planNode.js';
import { GUARD_METRIC, type NodePlan, NEXTHOP_BASE, ROUTE_METRIC, RULE_TABLE } from './plan.js';

/** Two locations: eu with a gateway in each slot and one more node, in another subnet; us with one node. */
const EAST: readonly NodeSketch[] = [
  { name: 'a', location: 'eu', internalIP: '172.20.1.11/24', podCIDR: '10.42.1.0/24' },
  { name: 'b', location: 'eu', internalIP: '172.20.1.12/24', podCIDR: '10.42.2.0/24' },
  { name: 'c', location: 'eu', internalIP: '172.20.9.13/24', podCIDR: '10.42.3.0/24' },
  { name: 'd', location: 'us', internalIP: '172.20.2.11/24', podCIDR: '10.42.4.0/24' },
];
const east = cluster(EAST, '10.4.0.0/16');
const west = cluster([{ name: 'w', internalIP: '192.168.7.5/24', endpoint: '203.0.113.7', podCIDR: '10.43.0.0/24' }], '10.5.0.0/16');

interface Around {
  readonly peers?: readonly Peer[];
  readonly mesh?: Partial<MeshSpec>;
  readonly resolved?: Readonly<Record<string, string>>;
}

function plan(node: string, nodes: readonly MeshNode[], { peers = [], mesh = {}, resolved = {} }: Around = {}): NodePlan {
  const planned = planNode({ node, mesh: { ...defaults, ...mesh }, nodes, peers, resolved, underlayMtu: 1500 });
  if (planned.kind === 'absent') throw new Error(planned.reason);
  return planned.plan;
}

function meshAddress(nodes: readonly MeshNode[], name: string): string {
  return nodes.find(({ metadata }) => metadata.name === name)?.status?.meshAddresses?.[0] ?? '';
}

/** `destination -> where`, of the main table, without the guards. */
function carried({ routes, groups, nexthops }: NodePlan): string[] {
  const where = (to: NodePlan['routes'][number]['to']): string =>
    to.kind === 'group'
      ? (groups.find(({ id }) => id === to.id)?.candidates.map(({ name }) => name).join('|') ?? '?')
      : to.kind === 'nexthop' ? (nexthops.find(({ id }) => id === to.id)?.name ?? '?') : to.kind;
  return routes.filter(({ table, metric }) => table === 254 && metric === ROUTE_METRIC).map(({ dst, to }) => `${dst} -> ${where(to)}`).toSorted((a, b) => (a < b ? -1 : 1));
}

function reasons({ problems }: NodePlan): string[] {
  return problems.map(({ subject, reason }) => `${subject}: ${reason}`);
}

describe('seen from each node', () => {
  test('the cluster has the slots the cases below rest on', () => {
    expect(east.map(({ metadata, status }) => [metadata.name, status?.slot])).toEqual([['a', 0], ['b', 1], ['c', undefined], ['d', 0]]);
  });

  test('the only node of a member: the whole plan', () => {
    const [a, b, mesh] = ['a', 'b', 'w'].map((name) => meshAddress([...east, ...west], name));
    const planned = plan('w', west, { peers: asPeers('east', east.filter(({ spec }) => spec.location === 'eu').slice(0, 2), 2) });
    const allowedIPs = ['10.42.1.0/24', '10.42.2.0/24', `${a}/32`, `${b}/32`];
    const [zero, one] = planned.nexthops.map(({ id }) => id);
    const group = planned.groups[0]?.id ?? 0;
    expect([zero, one, group].every((id) => id !== undefined && id >= NEXTHOP_BASE && id < NEXTHOP_BASE + 2 ** 28)).toBe(true);
    expect(planned).toEqual({
      node: 'w',
      role: { kind: 'gateway', slot: 0 },
      meshAddresses: [mesh],
      interfaces: [
        {
          name: 'kilo0', plane: 0, listenPort: 51820, mtu: 1420,
          peers: [{ owner: 'gateway east-location-eu-0', publicKey: fakeKey('a'), endpoint: '172.20.1.11:51820', persistentKeepalive: 0, allowedIPs: expect.arrayContaining(allowedIPs) }],
        },
        {
          name: 'kilo1', plane: 1, listenPort: 51821, mtu: 1420,
          peers: [{ owner: 'gateway east-location-eu-1', publicKey: fakeKey('b'), endpoint: '172.20.1.12:51820', persistentKeepalive: 0, allowedIPs: expect.arrayContaining(allowedIPs) }],
        },
      ],
      nexthops: expect.arrayContaining([
        { id: expect.any(Number), name: 'plane/0', dev: 'kilo0', family: 'inet' },
        { id: expect.any(Number), name: 'plane/1', dev: 'kilo1', family: 'inet' },
      ]),
      groups: [{
        id: group, name: 'group/east/location-eu/inet', segment: 'east/location-eu',
        candidates: [{ slot: 0, name: 'plane/0', nexthop: expect.any(Number) }, { slot: 1, name: 'plane/1', nexthop: expect.any(Number) }],
        active: [planned.groups[0]?.candidates[0]?.nexthop],
      }],
      routes: [...allowedIPs].toSorted((x, y) => (x < y ? -1 : 1)).flatMap((dst) => [
        { dst, table: 254, metric: ROUTE_METRIC, to: { kind: 'group', id: group }, src: mesh },
        { dst, table: 254, metric: GUARD_METRIC, to: { kind: 'unreachable' } },
      ]),
      rules: [],
      firewall: { clampInterfaces: ['kilo0', 'kilo1'], tunnels: { ports: [51820, 51821], addresses: [mesh] } },
      problems: [],
    });
  });

  test('gateway a: its slot-0 way to a segment with one gateway, which sees it on plane 0', () => {
    const { role, interfaces, groups } = plan('a', east);
    expect(role).toEqual({ kind: 'gateway', slot: 0 });
    expect(interfaces.map(({ name, listenPort, mtu, peers }) => ({ name, listenPort, mtu, peers: peers.map((peer) => [peer.owner, peer.endpoint]) }))).toEqual([
      { name: 'kilo0', listenPort: 51820, mtu: 1420, peers: [['gateway d', '172.20.2.11:51820']] },
      { name: 'kilo1', listenPort: 51821, mtu: 1420, peers: [] },
    ]);
    expect(groups.map(({ segment, candidates, active }) => [segment, candidates.map(({ name }) => name), active.length])).toEqual([['location:us', ['plane/0', 'node/b'], 1]]);
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

  test('gateway d routes to the member c of eu, not to the ends of its tunnels', () => {
    expect(carried(plan('d', east)).filter((each) => each.startsWith('172'))).toEqual(['172.20.9.13/32 -> plane/0|plane/1']);
  });

  test('a gateway is not routed to by its internal address either, though its endpoint is another: its packets may come from there', () => {
    const nodes = cluster(EAST.map((node) => ({ ...node, endpoint: `203.0.113.${node.podCIDR.split('.')[2]}` })), '10.4.0.0/16');
    expect(carried(plan('d', nodes)).filter((each) => /^(172|203)/.test(each))).toEqual(['172.20.9.13/32 -> plane/0|plane/1']);
  });

  test('member c: no interface, VXLAN to its neighbours in another subnet, a group over its gateways', () => {
    const { role, interfaces, vxlan, nexthops, groups, rules, tunnelRules, firewall } = plan('c', east);
    expect(role).toEqual({ kind: 'member' });
    expect(interfaces).toEqual([]);
    expect(vxlan).toEqual({
      name: 'kilovx', vni: 1107, port: 51819, mtu: 1420, local: '172.20.9.13', mac: '02:6b:ac:14:09:0d',
      neighbours: [
        { node: 'a', address: '172.20.1.11', mac: '02:6b:ac:14:01:0b', hops: ['172.20.1.11'] },
        { node: 'b', address: '172.20.1.12', mac: '02:6b:ac:14:01:0c', hops: ['172.20.1.12'] },
      ],
    });
    expect(firewall).toEqual({ clampInterfaces: ['kilovx'], vxlan: { port: 51819, from: ['172.20.1.11', '172.20.1.12'] } });
    expect(new Set(nexthops.map(({ name, dev, via }) => `${name} ${dev} ${via}`))).toEqual(new Set(['node/a kilovx 172.20.1.11', 'node/b kilovx 172.20.1.12']));
    expect(groups[0]?.candidates.map(({ name }) => name)).toEqual(['node/a', 'node/b']);
    expect(rules).toEqual([{ priority: 1107, from: '10.42.3.0/24', table: RULE_TABLE }]);
    expect(tunnelRules).toBeUndefined();
  });

  test('gateway a takes what leaves its tunnels for node c to it in VXLAN, and node b over the underlay', () => {
    const { tunnelRules, routes, nexthops } = plan('a', east);
    expect(tunnelRules).toEqual(['kilo0', 'kilo1'].map((iif) => ({ priority: 1108, family: 'inet', iif, table: RULE_TABLE })));
    const vx = nexthops.find(({ name }) => name === 'node/c');
    expect(routes.filter(({ table }) => table === RULE_TABLE)).toEqual([{ dst: '172.20.9.13/32', table: RULE_TABLE, metric: ROUTE_METRIC, to: { kind: 'nexthop', id: vx?.id } }]);
    expect(nexthops.find(({ name }) => name === 'node/b')).toMatchObject({ dev: 'underlay', via: '172.20.1.12' });
  });

  test('every routed prefix has its unreachable guard, and tunnel ends have no route', () => {
    const routes = plan('c', east).routes.filter(({ table }) => table === 254);
    const open = routes.filter(({ to }) => to.kind !== 'unreachable').map(({ dst }) => dst);
    const guarded = routes.filter(({ to }) => to.kind === 'unreachable').map(({ dst }) => dst);
    expect(guarded).toEqual(open);
    expect(open).not.toContain('172.20.2.11/32');
    expect(open).toContain('10.42.4.0/24');
  });

  test.each([
    ['never', { dev: 'underlay', vxlan: undefined, rules: 0 }],
    ['always', { dev: 'kilovx', vxlan: 2, rules: 1 }],
  ] as const)('encapsulation %s goes by no subnet', (encapsulation, expected) => {
    const { nexthops, vxlan, rules } = plan('b', east, { mesh: { encapsulation } });
    expect({ dev: nexthops.find(({ name }) => name === 'node/a')?.dev, vxlan: vxlan?.neighbours.length, rules: rules.length }).toEqual(expected);
  });

  test('the MTU of the Mesh wins over that of the underlay', () => {
    expect(plan('a', east, { mesh: { mtu: 1300 } }).interfaces.map(({ mtu }) => mtu)).toEqual([1300, 1300]);
  });

  test('nothing is planned for a node that is not there, is being deleted, or has no mesh address', () => {
    const [first] = east;
    if (first === undefined) throw new Error('no node');
    const ask = (node: MeshNode): string => planNode({ node: 'a', mesh: defaults, nodes: [node], peers: [], resolved: {}, underlayMtu: 1500 }).kind;
    expect(ask({ ...first, metadata: { name: 'other' } })).toBe('absent');
    expect(ask({ ...first, metadata: { ...first.metadata, deletionTimestamp: '2026-01-02T00:00:00Z' } })).toBe('absent');
    expect(ask({ ...first, status: { slot: 0 } })).toBe('absent');
    expect(ask(first)).toBe('plan');
  });
});

describe('granularity', () => {
  const peersOf = ({ interfaces }: NodePlan): (readonly [string, readonly string[]])[] => interfaces.map(({ name, peers }) => [name, peers.map(({ owner }) => owner).toSorted()]);

  test('full: each node has a tunnel to each other, on one plane, and no neighbours', () => {
    const mesh = { granularity: 'full' } as const;
    const c = plan('c', cluster(EAST, '10.4.0.0/16', { ...defaults, ...mesh }), { mesh });
    expect(c.role).toEqual({ kind: 'gateway', slot: 0 });
    expect(peersOf(c)).toEqual([['kilo0', ['gateway a', 'gateway b', 'gateway d']]]);
    expect(c.vxlan).toBeUndefined();
    expect(carried(c).filter((each) => each.startsWith('10.42'))).toEqual(['10.42.1.0/24 -> plane/0', '10.42.2.0/24 -> plane/0', '10.42.4.0/24 -> plane/0']);
    expect(c.problems).toEqual([]);
  });

  test('cross: c has a tunnel to d in the other location, and reaches a and b as neighbours', () => {
    const mesh = { granularity: 'cross' } as const;
    const nodes = cluster(EAST, '10.4.0.0/16', { ...defaults, ...mesh });
    const c = plan('c', nodes, { mesh });
    expect(peersOf(c)).toEqual([['kilo0', ['gateway d']]]);
    expect(c.vxlan?.neighbours.map(({ node }) => node)).toEqual(['a', 'b']);
    expect(carried(c).filter((each) => each.startsWith('10.42'))).toEqual(['10.42.1.0/24 -> node/a', '10.42.2.0/24 -> node/b', '10.42.4.0/24 -> plane/0']);
    const d = plan('d', nodes, { mesh });
    expect(peersOf(d)).toEqual([['kilo0', ['gateway a', 'gateway b', 'gateway c']]]);
    expect(d.interfaces[0]?.peers.find(({ owner }) => owner === 'gateway c')?.allowedIPs).toContain('10.42.3.0/24');
    expect([...c.problems, ...d.problems]).toEqual([]);
  });

  test('a second plane is there for the second gateway of another member, and for laptops the first', () => {
    const mesh = { granularity: 'cross' } as const;
    const nodes = cluster(EAST, '10.4.0.0/16', { ...defaults, ...mesh });
    const far = cluster(['w', 'x'].map((name, index) => ({ name, internalIP: `192.168.7.${index + 1}/24`, endpoint: `203.0.113.${index + 1}`, podCIDR: `10.43.${index}.0/24` })), '10.5.0.0/16');
    const planned = plan('c', nodes, { mesh, peers: [...asPeers('west', far, 2), personPeer('laptop')] });
    expect(peersOf(planned)).toEqual([['kilo0', ['gateway d', 'gateway west-location--0', 'peer laptop']], ['kilo1', ['gateway west-location--1']]]);
    expect(carried(planned)).toContain('10.43.1.0/24 -> plane/0|plane/1');
  });
});

describe('carriers inside a location', () => {
  /** c is in another subnet than a and b. */
  test('ipip: a device of our own for IPv4, whose far end is the next hop, open to the neighbours only', () => {
    const { ipip, vxlan, nexthops, rules, routes, firewall } = plan('c', east, { mesh: { encapsulationType: 'ipip' } });
    expect(ipip).toEqual({ name: 'kiloip', mtu: 1420, local: '172.20.9.13' });
    expect(vxlan).toBeUndefined();
    expect(new Set(nexthops.map(({ name, dev, via }) => `${name} ${dev} ${via}`))).toEqual(new Set(['node/a kiloip 172.20.1.11', 'node/b kiloip 172.20.1.12']));
    expect(rules).toEqual([{ priority: 1107, from: '10.42.3.0/24', table: RULE_TABLE }]);
    expect(routes.filter(({ table }) => table === RULE_TABLE).map(({ dst }) => dst)).toEqual(['172.20.1.11/32', '172.20.1.12/32']);
    expect(firewall).toEqual({ clampInterfaces: ['kiloip'], ipip: { local: '172.20.9.13', from: ['172.20.1.11', '172.20.1.12'] } });
  });

  test('ipip, between nodes of one subnet: straight', () => {
    const { ipip, nexthops } = plan('a', east.filter(({ metadata }) => metadata.name !== 'c'), { mesh: { encapsulationType: 'ipip' } });
    expect(ipip).toBeUndefined();
    expect(nexthops.find(({ name }) => name === 'node/b')).toMatchObject({ dev: 'underlay', via: '172.20.1.12' });
  });

  test('ipip carries no IPv6: pods of that family get guards and a problem, IPv4 works', () => {
    const nodes = cluster(EAST.map((node, index) => ({ ...node, secondIP: `fd00:20:${index}::1/64`, secondPods: `fd00:42:${index}::/64` })), '10.4.0.0/16,fd00:4::/64');
    const planned = plan('c', nodes, { mesh: { encapsulationType: 'ipip', wireguardCIDRs: ['10.4.0.0/16', 'fd00:4::/64'] } });
    expect(reasons(planned)).toEqual(['node a: NotCarried', 'node b: NotCarried']);
    expect(planned.routes.filter(({ dst }) => dst === 'fd00:42:0::/64').map(({ to }) => to.kind)).toEqual(planned.routes.filter(({ dst }) => dst === 'fd00:42:0::/64').map(() => 'unreachable'));
    expect(carried(planned)).toContain('10.42.1.0/24 -> node/a');
  });

  test('flannel: its own device, pods inside the location left to it, its routes for other locations outbid', () => {
    const planned = plan('c', east, { mesh: { encapsulationType: 'flannel' }, peers: asPeers('west', west, 2) });
    expect([planned.vxlan, planned.ipip, planned.firewall]).toEqual([undefined, undefined, { clampInterfaces: ['flannel.1'] }]);
    expect(new Set(planned.nexthops.map(({ name, dev, via }) => `${name} ${dev} ${via}`))).toEqual(new Set(['node/a flannel.1 10.42.1.0', 'node/b flannel.1 10.42.2.0']));
    expect(carried(planned).filter((each) => /^10[.]4[23]?[.]/.test(each))).toEqual([
      '10.42.4.0/25 -> node/a|node/b',
      '10.42.4.128/25 -> node/a|node/b',
      '10.43.0.0/24 -> node/a|node/b',
      ...['a', 'b', 'd'].map((name) => `${meshAddress(east, name)}/32 -> ${name === 'd' ? 'node/a|node/b' : `node/${name}`}`),
    ].toSorted());
    expect([planned.rules, planned.problems]).toEqual([[], []]);
  });

  test("flannel: what leaves a gateway's tunnels for a node itself goes by its device too, what comes from pods does not", () => {
    const { rules, tunnelRules, routes, nexthops } = plan('a', east, { mesh: { encapsulationType: 'flannel' } });
    expect(rules).toEqual([]);
    expect(tunnelRules?.map(({ iif }) => iif)).toEqual(['kilo0', 'kilo1']);
    const way = nexthops.find(({ name }) => name === 'node/c');
    expect(way).toMatchObject({ dev: 'flannel.1', via: '10.42.3.0' });
    expect(routes.filter(({ table }) => table === RULE_TABLE)).toEqual([{ dst: '172.20.9.13/32', table: RULE_TABLE, metric: ROUTE_METRIC, to: { kind: 'nexthop', id: way?.id } }]);
  });

  test('flannel: a device for each family', () => {
    const nodes = cluster(EAST.map((node, index) => ({ ...node, secondPods: `fd00:42:${index}::/64` })), '10.4.0.0/16,fd00:4::/64');
    const { nexthops } = plan('c', nodes, { mesh: { encapsulationType: 'flannel', wireguardCIDRs: ['10.4.0.0/16', 'fd00:4::/64'] } });
    expect(nexthops.filter(({ name }) => name === 'node/a').map(({ dev, via }) => [dev, via])).toEqual(expect.arrayContaining([['flannel.1', '10.42.1.0'], ['flannel-v6.1', 'fd00:42::']]));
  });

  test('cilium: IPIP between the addresses of cilium_host, and no way to a node that tells none', () => {
    const nodes = east.map((node): MeshNode => (node.metadata.name === 'b' ? node : { ...node, spec: { ...node.spec, cniCompatibilityIP: node.spec.podCIDRs[0]?.replace('.0/24', '.99') } }));
    const { ipip, nexthops, groups, firewall, rules } = plan('c', nodes, { mesh: { encapsulationType: 'cilium' } });
    expect(ipip).toEqual({ name: 'kiloip', mtu: 1420, local: '10.42.3.99' });
    expect(nexthops.map(({ name, dev, via }) => `${name} ${dev} ${via}`)).toEqual(['node/a kiloip 10.42.1.99']);
    expect(groups[0]?.candidates.map(({ name }) => name)).toEqual(['node/a']);
    expect(firewall).toEqual({ clampInterfaces: ['kiloip'], ipip: { local: '10.42.3.99', from: ['10.42.1.99'] } });
    expect(rules).toEqual([]);
  });
});

describe('networks beside nodes (kilo.squat.ai/allowed-location-ips)', () => {
  const LAN = '192.168.178.0/24';
  const beside = (locationIPs: readonly string[], at = 'd'): MeshNode[] => cluster(EAST.map((node) => (node.name === at ? { ...node, locationIPs } : node)), '10.4.0.0/16');
  const allowedOf = (planned: NodePlan, owner: string): readonly string[] => planned.interfaces[0]?.peers.find((peer) => peer.owner === owner)?.allowedIPs ?? [];

  test('are routed to, and taken from, the segment of the location', () => {
    const nodes = beside([LAN]);
    expect(carried(plan('a', nodes))).toContain(`${LAN} -> plane/0|node/b`);
    expect(allowedOf(plan('a', nodes), 'gateway d')).toContain(LAN);
    expect(carried(plan('c', nodes))).toContain(`${LAN} -> node/a|node/b`);
    expect(carried(plan('d', nodes)).filter((each) => each.startsWith('192.168'))).toEqual([]);
  });

  test('belong to the nodes of the location alike, whoever names them', () => {
    const nodes = beside([LAN], 'c');
    for (const name of ['gateway a', 'gateway b']) expect(plan('d', nodes).interfaces.flatMap(({ peers }) => peers).find(({ owner }) => owner === name)?.allowedIPs).toContain(LAN);
    for (const name of ['a', 'b', 'c']) expect(carried(plan(name, nodes)).filter((each) => each.startsWith('192.168'))).toEqual([]);
  });

  test('with granularity cross lead to the node that names them', () => {
    const mesh = { granularity: 'cross' } as const;
    const d = plan('d', beside([LAN], 'c'), { mesh });
    expect(d.interfaces[0]?.peers.filter(({ allowedIPs }) => allowedIPs.includes(LAN)).map(({ owner }) => owner)).toEqual(['gateway c']);
    expect(carried(plan('a', beside([LAN], 'c'), { mesh })).filter((each) => each.startsWith('192.168'))).toEqual([]);
  });

  test.each([
    ['the pods of a node', '10.42.1.0/25', 'PrefixTaken'],
    ['a node itself', '172.20.9.13/32', 'PrefixTaken'],
    ["another member's pods", '10.43.0.0/24', 'PrefixTaken'],
    ['everything', '0.0.0.0/0', 'DefaultRoute'],
    ['link-local addresses', '169.254.0.0/16', 'SpecialRange'],
    ['the network that a itself stands in', '172.20.1.0/24', 'LocalNetwork'],
  ])('that are %s get a problem, and the others stay', (_what, bad, reason) => {
    const planned = plan('a', beside([bad, LAN]), { peers: asPeers('west', west, 2) });
    expect(reasons(planned)).toEqual([`segment location:us: ${reason}`]);
    expect(allowedOf(planned, 'gateway d').filter((each) => [bad, LAN].includes(each))).toEqual([LAN]);
  });

  test('may lie around nodes and pods, which keep what is theirs', () => {
    const wide = beside(['172.16.0.0/12', '10.42.0.0/16']);
    const planned = plan('a', wide);
    expect(planned.problems).toEqual([]);
    expect(carried(planned)).toEqual(expect.arrayContaining(['10.42.0.0/16 -> plane/0|node/b', '10.42.2.0/24 -> node/b', '172.24.0.0/13 -> plane/0|node/b']));
    expect(carried(planned).map((each) => each.split(' ')[0])).not.toContain('172.20.1.12/32');
  });

  test('give a laptop inside them what is its own, and a site around them the rest', () => {
    const peers = [personPeer('laptop', { allowedIPs: ['192.168.178.7/32'] }), personPeer('site', { allowedIPs: ['192.168.0.0/16'] }), personPeer('twin', { allowedIPs: [LAN] })];
    const planned = plan('a', beside([LAN]), { peers });
    expect(reasons(planned)).toEqual(['peer twin: PrefixTaken']);
    expect(planned.routes.filter(({ dst, metric }) => dst.startsWith('192.168') && metric === ROUTE_METRIC).map(({ dst }) => dst)).toEqual(['192.168.0.0/16', LAN, '192.168.178.7/32']);
  });

  test.each(['publicKey', 'allowedIPs'] as const)('a person keeps its %s, though a younger one of lower name wants it', (what) => {
    const old = personPeer('laptop', { allowedIPs: ['10.5.0.1/32'] });
    const young = personPeer('bad', { allowedIPs: ['10.5.0.2/32'], [what]: old.spec[what] });
    const aged = [{ ...young, metadata: { name: 'bad', creationTimestamp: '2026-01-02T00:00:00Z' } }, { ...old, metadata: { name: 'laptop', creationTimestamp: '2026-01-01T00:00:00Z' } }];
    const planned = plan('a', beside([]), { peers: aged });
    expect(reasons(planned)).toEqual([`peer bad: ${what === 'publicKey' ? 'DuplicateKey' : 'PrefixTaken'}`]);
    expect(allowedOf(planned, 'peer laptop')).toEqual(['10.5.0.1/32']);
  });

  test('are left to the own location also by a site around them', () => {
    const planned = plan('d', beside([LAN]), { peers: [personPeer('site', { allowedIPs: ['192.168.176.0/21'] })] });
    expect(planned.problems).toEqual([]);
    expect(carried(planned).filter((each) => each.startsWith('192.168'))).toEqual(['192.168.176.0/23 -> plane/0', '192.168.179.0/24 -> plane/0', '192.168.180.0/22 -> plane/0']);
  });

  test('that two locations name: each has its own at home, and the first by name elsewhere', () => {
    const nodes = cluster([...EAST.map((node) => (node.name === 'c' || node.name === 'd' ? { ...node, locationIPs: [LAN] } : node)), { name: 'e', location: 'asia', internalIP: '172.20.3.1/24', podCIDR: '10.42.5.0/24' }], '10.4.0.0/16');
    expect(carried(plan('e', nodes))).toContain(`${LAN} -> plane/0|plane/1`);
    expect(reasons(plan('e', nodes))).toEqual(['segment location:us: PrefixTaken']);
    expect(reasons(plan('d', nodes))).toEqual(['segment location:eu: PrefixTaken']);
    expect(carried(plan('d', nodes)).filter((each) => each.startsWith('192.168'))).toEqual([]);
  });
});

describe('what cannot be', () => {
  test('a location without a gateway has guards only, and one problem', () => {
    const nodes = cluster(EAST.map((node) => (node.location === 'eu' ? { ...node, gateway: 'never' } : node)), '10.4.0.0/16');
    const planned = plan('a', nodes, { peers: asPeers('west', west, 2) });
    expect(planned.groups).toEqual([]);
    expect(planned.routes.filter(({ dst }) => dst === '10.42.4.0/24' || dst === '10.43.0.0/24').map(({ to }) => to.kind)).toEqual(['unreachable', 'unreachable']);
    // What runs on its nodes themselves, as the API server may, is not cut off meanwhile.
    const addresses = nodes.flatMap(({ spec }) => spec.internalIPs).map((address) => `${address.split('/')[0]}/32`);
    expect(plan('d', nodes).routes.filter(({ dst }) => addresses.includes(dst))).toEqual([]);
    expect(new Set(plan('d', east).routes.map(({ dst }) => dst).filter((dst) => addresses.includes(dst)))).toEqual(new Set(['172.20.9.13/32']));
    expect(reasons(planned)).toEqual(['segment location:eu: NoGateway']);
    expect(reasons(plan('d', nodes))).toEqual(['segment location:eu: NoGateway']);
  });

  test('a member of one plane, as Kilo is, has a tunnel to slot 0 alone; slot 1 goes by way of slot 0', () => {
    const kilo = asPeers('kilo', west, 1);
    expect(plan('a', east, { peers: kilo }).interfaces[0]?.peers.map(({ owner }) => owner)).toContain('gateway kilo-location--0');
    const second = plan('b', east, { peers: kilo });
    expect(second.interfaces.flatMap(({ peers }) => peers.map(({ owner }) => owner))).toEqual(['gateway d']);
    expect(carried(second)).toContain('10.43.0.0/24 -> node/a');
    expect(carried(plan('c', east, { peers: kilo }))).toContain('10.43.0.0/24 -> node/a');
    expect(second.problems).toEqual([]);
  });

  test('a remote gateway in a slot that we have no plane for is no way, and nothing else suffers', () => {
    const [peer] = asPeers('west', west, 4);
    if (peer === undefined) throw new Error('no peer');
    const far: Peer = { ...peer, metadata: { ...peer.metadata, annotations: { ...peer.metadata.annotations, [ANNOTATION.slot]: '3' } } };
    const planned = plan('a', east, { peers: [far] });
    expect(reasons(planned)).toEqual(['segment west/location-: NoCommonPlane']);
    expect(carried(planned)).toEqual(carried(plan('a', east)));
  });

  test.each([
    ['no slot', { [ANNOTATION.slot]: '' }],
    ['a slot that is no number', { [ANNOTATION.slot]: '0x1' }],
    ['no planes', { [ANNOTATION.planes]: '0' }],
  ])("a Peer of the hub's with %s is left out", (_what, annotations) => {
    const [peer] = asPeers('west', west, 2);
    if (peer === undefined) throw new Error('no peer');
    const broken: Peer = { ...peer, metadata: { ...peer.metadata, annotations: { ...peer.metadata.annotations, ...annotations } } };
    expect(reasons(plan('a', east, { peers: [broken] }))).toEqual([`peer ${peer.metadata.name}: Incomplete`]);
  });

  test('two nodes of a location with one pod CIDR: the lower name has it, and nobody loses its own', () => {
    const nodes = cluster(EAST.map((node) => (node.name === 'c' ? { ...node, podCIDR: '10.42.2.0/24' } : node)), '10.4.0.0/16');
    expect(carried(plan('a', nodes)).filter((each) => each.startsWith('10.42.2'))).toEqual(['10.42.2.0/24 -> node/b']);
    expect(reasons(plan('a', nodes))).toEqual(['node c: PrefixTaken']);
    expect(carried(plan('c', nodes)).filter((each) => each.startsWith('10.42.2'))).toEqual([]);
  });

  test('a base port that leaves no room for the planes costs the planes that do not fit', () => {
    const nodes = east.map((node) => ({ ...node, spec: { ...node.spec, endpoints: [{ host: '172.20.1.11', port: 65535 }] } }));
    const planned = plan('a', nodes.slice(0, 1));
    expect(planned.interfaces.map(({ listenPort }) => listenPort)).toEqual([65535]);
    expect(reasons(planned)).toEqual(['node a: PortRange']);
  });

  test('neither end can be dialled', () => {
    const nodes = cluster([{ name: 'x', location: 'one', podCIDR: '10.1.0.0/24', endpoint: null }, { name: 'y', location: 'two', podCIDR: '10.1.1.0/24', endpoint: null }], '10.4.0.0/16');
    expect(reasons(plan('x', nodes))).toEqual(['gateway y: NoEndpoint']);
  });
});

describe('peers of people', () => {
  test('live on plane 0 of every gateway, by their own port, with their own key and keepalive', () => {
    const laptop = personPeer('laptop', { presharedKey: fakeKey('psk'), persistentKeepalive: 25, endpoint: { dnsOrIP: { dns: 'laptop.example' }, port: 4000 } });
    const { interfaces, groups } = plan('b', east, { peers: [laptop], resolved: { 'laptop.example': '2001:db8::7' } });
    expect(interfaces.map(({ peers }) => peers.filter(({ owner }) => owner === 'peer laptop'))).toEqual([
      [{ owner: 'peer laptop', publicKey: fakeKey('laptop'), presharedKey: fakeKey('psk'), endpoint: '[2001:db8::7]:4000', persistentKeepalive: 25, allowedIPs: ['10.9.0.1/32'] }],
      [],
    ]);
    expect(groups.find(({ segment }) => segment === 'peer:laptop')?.candidates.map(({ name }) => name)).toEqual(['plane/0', 'node/a']);
  });

  test.each([
    ['a pod range', '10.42.4.0/24', 'PrefixTaken'],
    ['a part of a pod range', '10.42.4.7/32', 'PrefixTaken'],
    ['an address of the own location', '172.20.1.11/32', 'PrefixTaken'],
    ['half of the network of the own location', '172.20.1.0/25', 'LocalNetwork'],
    ['everything', '0.0.0.0/0', 'DefaultRoute'],
    ['loopback', '127.0.0.1/32', 'SpecialRange'],
  ])('that ask for %s get a problem, and the rest of what they ask for', (_what, bad, reason) => {
    const planned = plan('a', east, { peers: [personPeer('laptop', { allowedIPs: [bad, '10.9.0.1/32'] })] });
    expect(reasons(planned)).toEqual([`peer laptop: ${reason}`]);
    expect(planned.interfaces[0]?.peers.find(({ owner }) => owner === 'peer laptop')?.allowedIPs).toEqual(['10.9.0.1/32']);
  });

  test('a wide range leaves the ends of tunnels and the own location to the underlay', () => {
    const planned = plan('a', east, { peers: [personPeer('router', { allowedIPs: ['172.16.0.0/12'] })] });
    expect(planned.problems).toEqual([]);
    expect(planned.interfaces[0]?.peers.find(({ owner }) => owner === 'peer router')?.allowedIPs).toEqual(['172.16.0.0/12']);
    const routes = carried(planned).filter((each) => each.startsWith('172')).map((each) => each.split(' ')[0] ?? '');
    expect(routes).toContain('172.24.0.0/13');
    expect(routes).not.toContain('172.16.0.0/12');
    for (const { spec } of east) expect(routes).not.toContain(`${spec.endpoints[0]?.host}/32`);
  });

  test('one inside the range of another has what is its own, whatever their names', () => {
    for (const [site, laptop] of [['a-site', 'b-laptop'], ['b-site', 'a-laptop']] as const) {
      const planned = plan('d', east, { peers: [personPeer(site, { allowedIPs: ['10.9.0.0/16'] }), personPeer(laptop, { allowedIPs: ['10.9.0.5/32'] })] });
      expect(planned.problems).toEqual([]);
      expect(planned.routes.filter(({ dst, metric }) => dst.startsWith('10.9') && metric === ROUTE_METRIC)).toHaveLength(2);
    }
  });

  test('a bad one changes nothing for anybody else', () => {
    const without = plan('a', east);
    const withBad = plan('a', east, { peers: [personPeer('thief', { allowedIPs: ['10.42.4.0/24'], endpoint: { dnsOrIP: { dns: 'constructor' }, port: 1 } })] });
    expect(withBad.routes).toEqual(without.routes);
    expect(withBad.interfaces[0]?.peers.filter(({ owner }) => owner !== 'peer thief')).toEqual(without.interfaces[0]?.peers);
    expect(reasons(withBad)).toEqual(['peer thief: PrefixTaken', 'peer thief: Unresolved']);
  });

  test('one with the key of a gateway is left out, and so are its routes', () => {
    const planned = plan('a', east, { peers: [personPeer('copy', { publicKey: fakeKey('d') }), personPeer('self', { publicKey: fakeKey('a'), allowedIPs: ['10.9.0.2/32'] })] });
    expect(reasons(planned)).toEqual(['peer copy: DuplicateKey', 'peer self: OwnKey']);
    expect(planned.interfaces[0]?.peers.map(({ owner }) => owner)).toEqual(['gateway d']);
    expect(planned.routes.filter(({ dst }) => dst.startsWith('10.9')).map(({ to }) => to.kind)).toEqual(['unreachable', 'unreachable']);
  });
});

describe('two families', () => {
  const dual = cluster(
    EAST.map((node, index) => ({ ...node, secondIP: `fd00:20:${node.location === 'eu' ? 1 : 2}::${index + 1}/64`, secondPods: `fd00:42:${index}::/64` })),
    '10.4.0.0/16,fd00:4::/64',
  );

  test('have a nexthop and a group each, and the VXLAN device carries both', () => {
    const { nexthops, groups, vxlan, rules, meshAddresses, routes } = plan('c', dual, { mesh: { wireguardCIDRs: ['10.4.0.0/16', 'fd00:4::/64'] } });
    expect(new Set(nexthops.map(({ name, family, via, dev }) => `${name} ${family} ${via} ${dev}`))).toEqual(new Set([
      'node/a inet 172.20.1.11 kilovx', 'node/a inet6 fe80::6b:acff:fe14:10b kilovx', 'node/b inet 172.20.1.12 kilovx', 'node/b inet6 fe80::6b:acff:fe14:10c kilovx',
    ]));
    expect(new Set(groups.map(({ name }) => name))).toEqual(new Set(['group/location:us/inet', 'group/location:us/inet6']));
    expect(vxlan?.neighbours.map(({ address, hops }) => [address, ...hops])).toEqual([['172.20.1.11', '172.20.1.11', 'fe80::6b:acff:fe14:10b'], ['172.20.1.12', '172.20.1.12', 'fe80::6b:acff:fe14:10c']]);
    expect(rules.map(({ from }) => from)).toEqual(['10.42.3.0/24', 'fd00:42:2::/64']);
    expect(routes.find(({ dst, metric }) => dst === 'fd00:42:3::/64' && metric === ROUTE_METRIC)?.src).toBe(meshAddresses.find((each) => each.includes(':')));
  });

  test('a node with pods of a family that it has no address of has guards for them, and a problem', () => {
    const half = cluster([...EAST.slice(0, 2), { ...EAST[2], name: 'c', podCIDR: '10.42.3.0/24', secondPods: 'fd00:42:2::/64' }], '10.4.0.0/16');
    const planned = plan('a', half);
    expect(reasons(planned)).toEqual(['node c: NoAddress']);
    expect(planned.routes.filter(({ dst }) => dst === 'fd00:42:2::/64').map(({ to }) => to.kind)).toEqual(['unreachable']);
  });
});
