import { expect, test } from '@jest/globals';
import type { NodePlan } from '../mesh/plan.js';
import { GUARD_METRIC, NEXTHOP_BASE, ROUTE_METRIC, RULE_TABLE } from '../mesh/reserved.js';
import { planJson, renderPlan } from './plan.js';

const empty: NodePlan = {
  node: 'c',
  role: { kind: 'member' },
  meshAddresses: ['10.4.0.3', 'fd00::3'],
  interfaces: [],
  nexthops: [],
  groups: [],
  routes: [],
  rules: [],
  firewall: { clampInterfaces: [] },
  problems: [],
};

test('what a plan has nothing of is not shown', () => {
  expect(renderPlan(empty)).toBe('node c: member, mesh address 10.4.0.3 and fd00::3');
});

test('a plan as text, without its secrets', () => {
  const plan: NodePlan = {
    ...empty,
    node: 'a',
    role: { kind: 'gateway', slot: 1 },
    meshAddresses: ['10.4.0.1'],
    interfaces: [
      {
        name: 'kilo0',
        plane: 0,
        listenPort: 51820,
        mtu: 1420,
        peers: [
          {
            publicKey: 'PUBLIC-D',
            presharedKey: 'SECRET',
            endpoint: '203.0.113.4:51821',
            observedEndpoints: ['203.0.113.9:41821'],
            persistentKeepalive: 0,
            allowedIPs: ['10.42.4.0/24', '10.4.0.4/32'],
            owner: { kind: 'gateway', name: 'd' },
            segment: 'location:us',
          },
          {
            publicKey: 'PUBLIC-L',
            persistentKeepalive: 25,
            allowedIPs: [],
            owner: { kind: 'peer', name: 'laptop' },
            segment: 'peer:laptop',
          },
        ],
      },
      { name: 'kilo1', plane: 1, listenPort: 51821, mtu: 1420, peers: [] },
    ],
    encapsulation: {
      kind: 'vxlan',
      name: 'kilovx',
      vni: 1107,
      port: 51819,
      mtu: 1450,
      local: '10.0.0.1',
      mac: '02:6b:0a:00:00:01',
      neighbours: [{ node: 'c', address: '10.0.1.3', mac: '02:6b:0a:00:01:03', hops: ['10.0.1.3', 'fe80::6b:aff:fe00:103'] }],
      alternative: 'ipip',
    },
    nexthops: [
      { id: NEXTHOP_BASE + 1, name: 'plane/0', dev: 'kilo0', family: 'inet' },
      { id: NEXTHOP_BASE + 2, name: 'node/c', dev: 'kilovx', via: '10.0.1.3', family: 'inet' },
    ],
    groups: [
      {
        id: NEXTHOP_BASE + 3,
        name: 'group/location:us/inet',
        segment: 'location:us',
        paths: [{ kind: 'plane', slot: 0, name: 'plane/0', nexthop: NEXTHOP_BASE + 1 }],
        active: [NEXTHOP_BASE + 1],
      },
    ],
    routes: [
      { dst: '10.42.4.0/24', table: 254, metric: ROUTE_METRIC, to: { kind: 'group', id: NEXTHOP_BASE + 3 }, src: '10.4.0.1' },
      { dst: '10.42.4.0/24', table: 254, metric: GUARD_METRIC, to: { kind: 'unreachable' } },
      { dst: '10.0.1.3/32', table: RULE_TABLE, metric: ROUTE_METRIC, to: { kind: 'nexthop', id: NEXTHOP_BASE + 2 } },
    ],
    rules: [{ priority: 1107, from: '10.42.1.0/24', table: RULE_TABLE }],
    tunnelRules: [{ priority: 1108, family: 'inet', iif: 'kilo0', table: RULE_TABLE }],
    looseFilters: ['eth0'],
    firewall: {
      clampInterfaces: ['kilo0', 'kilo1'],
      tunnels: { ports: [51820, 51821], addresses: ['10.4.0.1'] },
      encapsulation: { kind: 'vxlan', port: 51819, from: ['10.0.1.3'] },
      nat: { from: ['10.42.1.0/24'], known: ['10.4.0.0/16', '10.42.0.0/16'], location: ['192.168.1.0/24'] },
    },
    forward: { podCIDRs: ['10.42.1.0/24'] },
    cni: { podCIDRs: ['10.42.1.0/24'], mtu: 1420, others: 'keep' },
    probing: {
      rules: [{ priority: 1109, family: 'inet', sport: 51811, table: 1110 }],
      paths: [
        {
          kind: 'tunnel',
          name: 'tunnel/0/location:us',
          slot: 0,
          segment: 'location:us',
          from: 51811,
          answerVia: 1,
          targets: [{ name: 'd', publicKey: 'PUBLIC-D', address: '10.4.0.4', segment: 'location:us' }],
        },
        {
          kind: 'lan',
          name: 'lan/b',
          node: 'b',
          slot: 0,
          from: 51810,
          targets: [{ name: 'b', publicKey: 'PUBLIC-B', address: '10.4.0.2' }],
        },
      ],
      segmentPeers: [{ name: 'b', publicKey: 'PUBLIC-B', address: '10.4.0.2' }],
    },
    problems: [{ subject: { kind: 'peer', name: 'thief' }, reason: 'PrefixTaken', message: '10.42.4.0/24 already belongs to location:us' }],
  };
  expect(renderPlan(plan)).toBe(`node a: gateway in slot 1, mesh address 10.4.0.1

kilo0: WireGuard, port 51820, MTU 1420
  PEER         PUBLIC KEY                      ENDPOINT                                KEEPALIVE  ALLOWED IPS
  gateway d    PUBLIC-D (and a preshared key)  203.0.113.4:51821 or 203.0.113.9:41821  off        10.42.4.0/24 10.4.0.4/32
  peer laptop  PUBLIC-L                        (dials us)                              25s

kilo1: WireGuard, port 51821, MTU 1420

kilovx: VXLAN 1107, port 51819, MTU 1450, local 10.0.0.1, MAC 02:6b:0a:00:00:01
  NODE  ADDRESS   MAC                NEXT HOPS
  c     10.0.1.3  02:6b:0a:00:01:03  10.0.1.3 fe80::6b:aff:fe00:103

nexthops
  ID          NAME     FAMILY  DEVICE  VIA
  1073741825  plane/0  inet    kilo0
  1073741826  node/c   inet    kilovx  10.0.1.3

nexthop groups
  ID          NAME                    USES      PATHS (* in use)
  1073741827  group/location:us/inet  one path  plane/0*

routes
  TABLE  DESTINATION   METRIC      TO                      SOURCE
  main   10.42.4.0/24  107         group/location:us/inet  10.4.0.1
  main   10.42.4.0/24  4000000107  unreachable
  1107   10.0.1.3/32   107         node/c

rules
  PRIORITY  MATCH                          TABLE
  1107      from 10.42.1.0/24 to all       1107
  1108      inet in by kilo0               1107
  1109      inet from UDP port 51811 here  1110

reverse-path filter: loose on eth0

firewall
  WHAT                   WHERE
  clamp TCP MSS          in and out by kilo0 kilo1
  no tunnel in a tunnel  UDP ports 51820 51821, mesh addresses 10.4.0.1
  take VXLAN             on port 51819 from 10.0.1.3
  translate              from 10.42.1.0/24 unless to 10.4.0.0/16 10.42.0.0/16
  translate              from the mesh to 192.168.1.0/24

iptables FORWARD: accept the mesh's devices and 10.42.1.0/24

CNI: pods get 10.42.1.0/24, MTU 1420; configurations of others: keep

probes
  PATH                  FROM PORT  ANSWER BY  TO
  tunnel/0/location:us  51811      plane 1    d (10.4.0.4)
  lan/b                 51810      route      b (10.4.0.2)

problems
  SUBJECT     REASON       MESSAGE
  peer thief  PrefixTaken  10.42.4.0/24 already belongs to location:us`);
  expect(planJson(plan)).not.toContain('SECRET');
  const peers = (plan.interfaces[0]?.peers ?? []).map(({ presharedKey: _secret, ...peer }) => peer);
  expect(JSON.parse(planJson(plan))).toMatchObject({
    node: 'a',
    interfaces: [{ name: 'kilo0', peers }, { name: 'kilo1' }],
  });
});
