import { describe, expect, test } from '@jest/globals';
import { subjectText } from '../api/problem.js';
import type { MeshNode } from '../api/meshNode.js';
import { asPeers, cluster, defaults, fakeKey, externalPeer } from '../../test/fakes/mesh.js';
import { EAST, east, west, plan, meshAddress, carried, vxlanOf, reasons } from '../../test/fakes/meshPlans.js';
import { planNode } from './planNode.js';
import type { NodePlan } from './plan.js';
import { GUARD_METRIC, NEXTHOP_BASE, ROUTE_METRIC, RULE_TABLE } from './reserved.js';

describe('seen from each node', () => {
  test('the cluster has the slots the cases below rest on', () => {
    expect(east.map(({ metadata, status }) => [metadata.name, status?.slot])).toEqual([
      ['a', 0],
      ['b', 1],
      ['c', undefined],
      ['d', 0],
    ]);
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
          name: 'kilo0',
          plane: 0,
          listenPort: 51820,
          mtu: 1420,
          peers: [
            {
              owner: { kind: 'gateway', name: 'east-location-eu-0' },
              segment: 'east/location-eu',
              member: 'east',
              publicKey: fakeKey('a'),
              endpoint: '172.20.1.11:51820',
              persistentKeepalive: 0,
              allowedIPs: expect.arrayContaining(allowedIPs),
            },
          ],
        },
        {
          name: 'kilo1',
          plane: 1,
          listenPort: 51821,
          mtu: 1420,
          peers: [
            {
              owner: { kind: 'gateway', name: 'east-location-eu-1' },
              segment: 'east/location-eu',
              member: 'east',
              publicKey: fakeKey('b'),
              endpoint: '172.20.1.12:51820',
              persistentKeepalive: 0,
              allowedIPs: expect.arrayContaining(allowedIPs),
            },
          ],
        },
      ],
      nexthops: expect.arrayContaining([
        { id: expect.any(Number), name: 'plane/0', dev: 'kilo0', family: 'inet' },
        { id: expect.any(Number), name: 'plane/1', dev: 'kilo1', family: 'inet' },
      ]),
      groups: [
        {
          id: group,
          name: 'group/east/location-eu/inet',
          segment: 'east/location-eu',
          paths: [
            { kind: 'plane', slot: 0, name: 'plane/0', nexthop: expect.any(Number) },
            { kind: 'plane', slot: 1, name: 'plane/1', nexthop: expect.any(Number) },
          ],
          active: [planned.groups[0]?.paths[0]?.nexthop],
        },
      ],
      routes: [...allowedIPs]
        .toSorted((x, y) => (x < y ? -1 : 1))
        .flatMap((dst) => [
          { dst, table: 254, metric: ROUTE_METRIC, to: { kind: 'group', id: group }, src: mesh },
          { dst, table: 254, metric: GUARD_METRIC, to: { kind: 'unreachable' } },
        ]),
      rules: [],
      firewall: {
        clampInterfaces: ['kilo0', 'kilo1'],
        tunnels: { ports: [51820, 51821], addresses: [mesh] },
        members: {
          audit: false,
          members: [{ name: 'east', ranges: expect.arrayContaining(['10.42.1.0/24']), exported: [] }],
          exported: [],
          open: ['10.43.0.0/24'],
          elsewhere: [],
        },
      },
      problems: [],
    });
  });

  test('gateway a: its slot-0 way to a segment with one gateway, which sees it on plane 0', () => {
    const { role, interfaces, groups } = plan('a', east);
    expect(role).toEqual({ kind: 'gateway', slot: 0 });
    expect(
      interfaces.map(({ name, listenPort, mtu, peers }) => ({
        name,
        listenPort,
        mtu,
        peers: peers.map((peer) => [subjectText(peer.owner), peer.endpoint]),
      })),
    ).toEqual([
      { name: 'kilo0', listenPort: 51820, mtu: 1420, peers: [['gateway d', '172.20.2.11:51820']] },
      { name: 'kilo1', listenPort: 51821, mtu: 1420, peers: [] },
    ]);
    expect(groups.map(({ segment, paths, active }) => [segment, paths.map(({ name }) => name), active.length])).toEqual([
      ['location:us', ['plane/0', 'node/b'], 1],
    ]);
  });

  test('gateway b, in slot 1, dials the port of plane 1', () => {
    expect(plan('b', east).interfaces[0]?.peers.map(({ endpoint }) => endpoint)).toEqual(['172.20.2.11:51821']);
  });

  test('gateway d reaches eu by both planes, each with the full allowed IPs', () => {
    const { interfaces, groups } = plan('d', east);
    const allowed = interfaces.map(({ peers }) =>
      peers.map(({ owner, allowedIPs }) => [subjectText(owner), allowedIPs.filter((each) => each.startsWith('10.42'))]),
    );
    const pods = ['10.42.1.0/24', '10.42.2.0/24', '10.42.3.0/24'];
    expect(allowed).toEqual([[['gateway a', pods]], [['gateway b', pods]]]);
    expect(groups[0]?.paths.map(({ slot, name }) => [slot, name])).toEqual([
      [0, 'plane/0'],
      [1, 'plane/1'],
    ]);
  });

  test('gateway d routes to the member c of eu, not to the ends of its tunnels', () => {
    expect(carried(plan('d', east)).filter((each) => each.startsWith('172'))).toEqual(['172.20.9.13/32 -> plane/0|plane/1']);
  });

  test('a gateway is not routed to by its internal address either, though its endpoint is another: its packets may come from there', () => {
    const nodes = cluster(
      EAST.map((node) => ({ ...node, endpoint: `203.0.113.${node.podCIDR.split('.')[2]}` })),
      '10.4.0.0/16',
    );
    expect(carried(plan('d', nodes)).filter((each) => /^(172|203)/.test(each))).toEqual(['172.20.9.13/32 -> plane/0|plane/1']);
  });

  test('member c: no interface, VXLAN to its neighbours in another subnet, a group over its gateways', () => {
    const { role, interfaces, encapsulation, nexthops, groups, rules, tunnelRules, firewall } = plan('c', east);
    expect(role).toEqual({ kind: 'member' });
    expect(interfaces).toEqual([]);
    expect(encapsulation).toEqual({
      kind: 'vxlan',
      name: 'kilovx',
      vni: 1107,
      port: 51819,
      mtu: 1420,
      local: '172.20.9.13',
      mac: '02:6b:ac:14:09:0d',
      neighbours: [
        { node: 'a', address: '172.20.1.11', mac: '02:6b:ac:14:01:0b', hops: ['172.20.1.11'] },
        { node: 'b', address: '172.20.1.12', mac: '02:6b:ac:14:01:0c', hops: ['172.20.1.12'] },
      ],
      alternative: 'ipip',
    });
    expect(firewall).toEqual({
      clampInterfaces: ['kilovx'],
      encapsulation: { kind: 'vxlan', port: 51819, from: ['172.20.1.11', '172.20.1.12'] },
      probes: ['10.4.0.0/16'],
    });
    expect(new Set(nexthops.map(({ name, dev, via }) => `${name} ${dev} ${via}`))).toEqual(
      new Set(['node/a kilovx 172.20.1.11', 'node/b kilovx 172.20.1.12']),
    );
    expect(groups[0]?.paths.map(({ name }) => name)).toEqual(['node/a', 'node/b']);
    expect(rules).toEqual([{ priority: 1107, from: '10.42.3.0/24', table: RULE_TABLE }]);
    expect(tunnelRules).toBeUndefined();
  });

  test('gateway a takes what leaves its tunnels for node c to it in VXLAN, and node b over the underlay', () => {
    const { tunnelRules, routes, nexthops } = plan('a', east);
    expect(tunnelRules).toEqual(['kilo0', 'kilo1'].map((iif) => ({ priority: 1108, family: 'inet', iif, table: RULE_TABLE })));
    const vx = nexthops.find(({ name }) => name === 'node/c');
    expect(routes.filter(({ table }) => table === RULE_TABLE)).toEqual([
      { dst: '172.20.9.13/32', table: RULE_TABLE, metric: ROUTE_METRIC, to: { kind: 'nexthop', id: vx?.id } },
    ]);
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
    const { nexthops, rules, ...planned } = plan('b', east, { mesh: { encapsulation } });
    const vxlan = vxlanOf(planned);
    expect({ dev: nexthops.find(({ name }) => name === 'node/a')?.dev, vxlan: vxlan?.neighbours.length, rules: rules.length }).toEqual(
      expected,
    );
  });

  test('the MTU of the Mesh wins over that of the underlay', () => {
    expect(plan('a', east, { mesh: { mtu: 1300 } }).interfaces.map(({ mtu }) => mtu)).toEqual([1300, 1300]);
  });

  test('nothing is planned for a node that is not there, is being deleted, or has no mesh address', () => {
    const [first] = east;
    if (first === undefined) throw new Error('no node');
    const ask = (node: MeshNode): string =>
      planNode({ node: 'a', mesh: defaults, nodes: [node], peers: [], resolved: {}, underlayMtu: 1500 }).kind;
    expect(ask({ ...first, metadata: { name: 'other' } })).toBe('absent');
    expect(ask({ ...first, metadata: { ...first.metadata, deletionTimestamp: '2026-01-02T00:00:00Z' } })).toBe('absent');
    expect(ask({ ...first, status: { slot: 0 } })).toBe('absent');
    expect(ask(first)).toBe('plan');
  });
});

describe('granularity', () => {
  const peersOf = ({ interfaces }: NodePlan): (readonly [string, readonly string[]])[] =>
    interfaces.map(({ name, peers }) => [name, peers.map(({ owner }) => subjectText(owner)).toSorted()]);

  test('full: each node has a tunnel to each other, on one plane, and no neighbours', () => {
    const mesh = { granularity: 'full' } as const;
    const c = plan('c', cluster(EAST, '10.4.0.0/16', { ...defaults, ...mesh }), { mesh });
    expect(c.role).toEqual({ kind: 'gateway', slot: 0 });
    expect(peersOf(c)).toEqual([['kilo0', ['gateway a', 'gateway b', 'gateway d']]]);
    expect(c.encapsulation).toBeUndefined();
    expect(carried(c).filter((each) => each.startsWith('10.42'))).toEqual([
      '10.42.1.0/24 -> plane/0',
      '10.42.2.0/24 -> plane/0',
      '10.42.4.0/24 -> plane/0',
    ]);
    expect(c.problems).toEqual([]);
  });

  test('cross: c has a tunnel to d in the other location, and reaches a and b as neighbours', () => {
    const mesh = { granularity: 'cross' } as const;
    const nodes = cluster(EAST, '10.4.0.0/16', { ...defaults, ...mesh });
    const c = plan('c', nodes, { mesh });
    expect(peersOf(c)).toEqual([['kilo0', ['gateway d']]]);
    expect(vxlanOf(c)?.neighbours.map(({ node }) => node)).toEqual(['a', 'b']);
    expect(carried(c).filter((each) => each.startsWith('10.42'))).toEqual([
      '10.42.1.0/24 -> node/a',
      '10.42.2.0/24 -> node/b',
      '10.42.4.0/24 -> plane/0',
    ]);
    const d = plan('d', nodes, { mesh });
    expect(peersOf(d)).toEqual([['kilo0', ['gateway a', 'gateway b', 'gateway c']]]);
    expect(d.interfaces[0]?.peers.find(({ owner }) => subjectText(owner) === 'gateway c')?.allowedIPs).toContain('10.42.3.0/24');
    expect([...c.problems, ...d.problems]).toEqual([]);
  });

  test('a second plane is there for the second gateway of another member, and for laptops the first', () => {
    const mesh = { granularity: 'cross' } as const;
    const nodes = cluster(EAST, '10.4.0.0/16', { ...defaults, ...mesh });
    const far = cluster(
      ['w', 'x'].map((name, index) => ({
        name,
        internalIP: `192.168.7.${index + 1}/24`,
        endpoint: `203.0.113.${index + 1}`,
        podCIDR: `10.43.${index}.0/24`,
      })),
      '10.5.0.0/16',
    );
    const planned = plan('c', nodes, { mesh, peers: [...asPeers('west', far, 2), externalPeer('laptop')] });
    expect(peersOf(planned)).toEqual([
      ['kilo0', ['gateway d', 'gateway west-location--0', 'peer laptop']],
      ['kilo1', ['gateway west-location--1']],
    ]);
    expect(carried(planned)).toContain('10.43.1.0/24 -> plane/0|plane/1');
  });
});

describe('two families', () => {
  const dual = cluster(
    EAST.map((node, index) => ({
      ...node,
      secondIP: `fd00:20:${node.location === 'eu' ? 1 : 2}::${index + 1}/64`,
      secondPods: `fd00:42:${index}::/64`,
    })),
    '10.4.0.0/16,fd00:4::/64',
  );

  test('have a nexthop and a group each, and the VXLAN device carries both', () => {
    const { nexthops, groups, encapsulation, rules, meshAddresses, routes } = plan('c', dual, {
      mesh: { wireguardCIDRs: ['10.4.0.0/16', 'fd00:4::/64'] },
    });
    expect(new Set(nexthops.map(({ name, family, via, dev }) => `${name} ${family} ${via} ${dev}`))).toEqual(
      new Set([
        'node/a inet 172.20.1.11 kilovx',
        'node/a inet6 fe80::6b:acff:fe14:10b kilovx',
        'node/b inet 172.20.1.12 kilovx',
        'node/b inet6 fe80::6b:acff:fe14:10c kilovx',
      ]),
    );
    expect(new Set(groups.map(({ name }) => name))).toEqual(new Set(['group/location:us/inet', 'group/location:us/inet6']));
    expect(vxlanOf({ encapsulation })?.neighbours.map(({ address, hops }) => [address, ...hops])).toEqual([
      ['172.20.1.11', '172.20.1.11', 'fe80::6b:acff:fe14:10b'],
      ['172.20.1.12', '172.20.1.12', 'fe80::6b:acff:fe14:10c'],
    ]);
    expect(rules.map(({ from }) => from)).toEqual(['10.42.3.0/24', 'fd00:42:2::/64']);
    expect(routes.find(({ dst, metric }) => dst === 'fd00:42:3::/64' && metric === ROUTE_METRIC)?.src).toBe(
      meshAddresses.find((each) => each.includes(':')),
    );
  });

  test('a node with pods of a family that it has no address of has guards for them, and a problem', () => {
    const half = cluster(
      [...EAST.slice(0, 2), { ...EAST[2], name: 'c', podCIDR: '10.42.3.0/24', secondPods: 'fd00:42:2::/64' }],
      '10.4.0.0/16',
    );
    const planned = plan('a', half);
    expect(reasons(planned)).toEqual(['node c: NoAddress']);
    expect(planned.routes.filter(({ dst }) => dst === 'fd00:42:2::/64').map(({ to }) => to.kind)).toEqual(['unreachable']);
  });
});
