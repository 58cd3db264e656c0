import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { createFakeHost, type FakeHost } from '../../test/host/fakeHost.js';
import { gatewayPlan, keyOf, remoteKey, type Remote } from '../../test/host/plans.js';
import type { NodePlan } from '../mesh/plan.js';
import { DEVICE_NAME } from '../mesh/encapsulation/device.js';
import { FAMILIES } from '../net/family.js';
import { NEXTHOP_BASE, PLANE_TABLE, RULE_TABLE } from '../mesh/reserved.js';
import { VXLAN_PORT } from '../api/ports.js';
import { emptyPlan } from './emptyPlan.js';
import { rememberEndpoints, type EndpointMemory } from './endpoints.js';
import { createHostModel } from './hostModel.js';
import { planChanges } from './planChanges.js';
import { changeText } from './render.js';
import { routeKey, type HostState } from './state.js';

const publicKey = keyOf('own');
const east: Remote = { name: 'east', prefixes: ['10.42.0.0/24'], endpoint: '192.0.2.1:51820' };
const west: Remote = { name: 'west', prefixes: ['10.43.0.0/24'], endpoint: '192.0.2.2:51820' };

/** Brings the fake host to `desired` and returns the commands. Every step must work. */
function go(
  host: FakeHost,
  desired: NodePlan,
  prior: EndpointMemory = new Map(),
  inspect: (state: HostState) => void = () => undefined,
): readonly string[] {
  const changes = planChanges({ desired, observed: host.state(), prior, publicKey });
  return changes.map((change) => {
    const text = changeText(change);
    expect([text, host.run(change)]).toEqual([text, undefined]);
    inspect(host.state());
    return text;
  });
}

/** With a plane of which probes are sent by a table of its own. */
function probing(plan: NodePlan): NodePlan {
  const [route] = plan.routes;
  return { ...plan, routes: [...plan.routes, { ...(route as NodePlan['routes'][number]), dst: '0.0.0.0/0', table: PLANE_TABLE }] };
}

describe('planChanges', () => {
  test('brings up an empty host: its firewall, then interfaces, and routes last', () => {
    const host = createFakeHost();
    expect(go(host, gatewayPlan({ planes: 1, remotes: [east] }))).toEqual([
      'nft table inet kilofed: element clamp: kilo0; ' +
        'rule forward: kilofed: clamp mss to route mtu, iifname; rule forward: kilofed: clamp mss to route mtu, oifname',
      'ip link add kilo0 type wireguard',
      'wg set kilo0 private-key (file) listen-port 51820',
      'ip link set kilo0 mtu 1420 up',
      `wg set kilo0 peer ${remoteKey('east', 0)} endpoint 192.0.2.1:51820 allowed-ips 10.42.0.0/24`,
      'ip addr replace 10.4.0.1/32 dev lo metric 107',
      'ip addr replace 10.4.0.1/32 dev kilo0 metric 107',
      'ip nexthop replace id 1073741825 dev kilo0 protocol 107',
      expect.stringMatching(/^ip nexthop replace id [0-9]+ group 1073741825 protocol 107$/),
      expect.stringMatching(/^ip route replace 10\.42\.0\.0\/24 nhid [0-9]+ table 254 metric 107 proto 107$/),
      'ip route replace unreachable 10.42.0.0/24 table 254 metric 4000000107 proto 107',
      'conntrack -D -d 10.42.0.0/24 (translated only)',
    ]);
  });

  test('the mesh address follows on every tunnel device, and leaves nothing of an earlier one', () => {
    const host = createFakeHost();
    go(host, gatewayPlan({ address: '10.4.0.1', remotes: [east] }));
    const commands = go(host, gatewayPlan({ address: '10.4.0.9', remotes: [east] })).filter((text) => text.includes(' addr '));
    expect(commands).toEqual([
      ...['lo', 'kilo0', 'kilo1'].map((dev) => `ip addr replace 10.4.0.9/32 dev ${dev} metric 107`),
      ...['lo', 'kilo0', 'kilo1'].map((dev) => `ip addr del 10.4.0.1/32 dev ${dev}`),
    ]);
    expect(go(host, gatewayPlan({ address: '10.4.0.9', remotes: [east] }))).toEqual([]);
  });

  test('report 5: next hops over the underlay are on the device of their family', () => {
    const via = { inet: '10.3.1.11', inet6: '2001:db8:1::11' } as const;
    const nexthops = FAMILIES.map((family, index) => ({
      id: NEXTHOP_BASE + 10 + index,
      name: 'node/b',
      dev: 'underlay',
      via: via[family],
      family,
    }));
    const observed = { ...createFakeHost().state(), underlay: { dev: 'bond0', mtu: 1500, inet6: { dev: 'bond1', mtu: 1500 } } };
    const changes = planChanges({ desired: { ...emptyPlan('a'), nexthops }, observed, prior: new Map(), publicKey });
    expect(changes.map(changeText)).toEqual([
      expect.stringContaining('via 10.3.1.11 dev bond0'),
      expect.stringContaining('via 2001:db8:1::11 dev bond1'),
    ]);
    const model = createHostModel(observed);
    expect(changes.map((change) => model.unmet(change))).toEqual([undefined, undefined]);
  });

  test('adopts a host that is as planned without a change', () => {
    const host = createFakeHost();
    const plan = gatewayPlan({ remotes: [east, west] });
    go(host, plan);
    expect(go(host, plan)).toEqual([]);
  });

  test('switches a plane by one group replace', () => {
    const host = createFakeHost();
    go(host, gatewayPlan({ remotes: [east, west] }));
    expect(go(host, gatewayPlan({ remotes: [{ ...east, active: 1 }, west] }))).toEqual([
      expect.stringMatching(/^ip nexthop replace id [0-9]+ group 1073741826 protocol 107$/),
    ]);
  });

  test('removes a remote only after nothing leads to it', () => {
    const host = createFakeHost();
    go(host, gatewayPlan({ planes: 1, remotes: [east, west] }));
    const kinds = go(host, gatewayPlan({ planes: 1, remotes: [east] })).map((text) => text.split(' ').slice(0, 3).join(' '));
    expect(kinds).toEqual(['ip route del', 'ip route del', 'ip nexthop del', 'wg set kilo0']);
  });

  test.each<[string, NodePlan, NodePlan, readonly string[]]>([
    [
      'for a new prefix, and that only',
      gatewayPlan({ remotes: [east] }),
      gatewayPlan({ remotes: [east, west] }),
      ['conntrack -D -d 10.43.0.0/24 (translated only)'],
    ],
    [
      'not for the tables of probes, whose default routes lead everywhere',
      gatewayPlan({ remotes: [east] }),
      probing(gatewayPlan({ remotes: [east] })),
      [],
    ],
    [
      'not when a known one moves to another gateway',
      gatewayPlan({ remotes: [east] }),
      gatewayPlan({ remotes: [{ ...east, active: 1, generation: 1 }] }),
      [],
    ],
    ['not when one goes', gatewayPlan({ remotes: [east, west] }), gatewayPlan({ remotes: [east] }), []],
  ])('forgets connections last of all: %s', (_what, before, after, expected) => {
    const host = createFakeHost();
    go(host, before);
    const commands = go(host, after);
    expect(commands.filter((text) => text.startsWith('conntrack'))).toEqual(expected);
    if (expected.length > 0) expect(commands.at(-1)).toBe(expected[0]);
  });

  test('drops a plane without a moment in which a remote has no way', () => {
    const host = createFakeHost();
    go(host, gatewayPlan({ planes: 2, remotes: [{ ...east, active: 1 }] }));
    go(host, gatewayPlan({ planes: 1, remotes: [east] }), new Map(), (state) => expect(wayTo(state, '10.42.0.0/24')).toBeDefined());
    expect([...host.state().links.keys()]).toEqual(['kilo0']);
  });

  test('gives the prefixes of a replaced key to the new one before the old one goes', () => {
    const host = createFakeHost();
    go(host, gatewayPlan({ planes: 1, remotes: [east] }));
    const commands = go(host, gatewayPlan({ planes: 1, remotes: [{ ...east, generation: 1 }] }), new Map(), (state) =>
      expect(holderOf(state, 'kilo0', '10.42.0.0/24')).toBeDefined(),
    );
    expect(commands).toEqual([
      `wg set kilo0 peer ${remoteKey('east', 0, 1)} endpoint 192.0.2.1:51820 allowed-ips 10.42.0.0/24`,
      `wg set kilo0 peer ${remoteKey('east', 0)} remove`,
    ]);
  });

  test('clean-up leaves nothing, also of what no memory knows', () => {
    const host = createFakeHost();
    go(host, gatewayPlan({ remotes: [east, west] }));
    go(host, emptyPlan('a'));
    expect(host.state()).toEqual({ ...createFakeHost().state() });
  });

  test('makes a device again that nobody serves, and that one only', () => {
    const host = createFakeHost();
    const plan = gatewayPlan({ remotes: [east] });
    go(host, plan);
    const state = host.state();
    const unresponsive = { ...state, wireguard: new Map([...state.wireguard].filter(([name]) => name !== 'kilo1')) };
    const commands = planChanges({ desired: plan, observed: unresponsive, prior: new Map(), publicKey }).map(changeText);
    expect(commands.slice(0, 2)).toEqual(['ip link del kilo1', 'ip link add kilo1 type wireguard']);
    expect(commands.filter((text) => text.includes('kilo0'))).toEqual([]);
  });

  test('restores what a vanished device took along', () => {
    const host = createFakeHost();
    const plan = gatewayPlan({ planes: 1, remotes: [east, west] });
    go(host, plan);
    host.lose('kilo0');
    expect(host.state().routes.size).toBe(2);
    go(host, plan);
    expect(go(host, plan)).toEqual([]);
  });

  test('keeps neighbours, forwarding entries and rules of a member', () => {
    const host = createFakeHost();
    const plan = memberPlan(['10.0.1.7', '10.0.2.7']);
    go(host, plan);
    expect(go(host, plan)).toEqual([]);
    expect(go(host, memberPlan(['10.0.1.7']))).toEqual([
      'nft delete element inet kilofed vtep4 { 10.0.2.7 }',
      'ip rule del priority 1107 from 10.42.9.0/24 to 10.0.2.7/32 table 1107 protocol 107',
      'ip route del 10.0.2.7/32 table 1107 metric 107 proto 107',
      'ip nexthop del id 1073741924',
      'ip neigh del 10.0.2.7 dev kilovx',
      'bridge fdb del 02:00:00:00:00:01 dev kilovx dst 10.0.2.7 self',
    ]);
  });

  test('moves the tunnel end of the VXLAN device, and makes it again only for another id', () => {
    const host = createFakeHost();
    const plan = memberPlan(['10.0.1.7']);
    go(host, plan);
    const vxlan = plan.encapsulation;
    if (vxlan?.kind !== 'vxlan') throw new Error('the plan has a VXLAN device');
    expect(go(host, { ...plan, encapsulation: { ...vxlan, local: '10.0.0.3' } })).toEqual(['ip link set kilovx type vxlan local 10.0.0.3']);
    const commands = go(host, { ...plan, encapsulation: { ...vxlan, vni: 7 } });
    expect(commands[0]).toBe('ip link del kilovx');
    expect(go(host, { ...plan, encapsulation: { ...vxlan, vni: 7 } })).toEqual([]);
  });

  test('makes an IPIP device, and again where its own address is another', () => {
    const host = createFakeHost();
    const plan = ipipPlan('10.0.0.2');
    expect(go(host, plan)).toEqual([
      'nft table inet kilofed: element ipip4: 10.0.1.7; rule ipip: kilofed: ipip to 10.0.0.2 only from the location',
      'ip link add kiloip mtu 1480 type ipip local 10.0.0.2',
      'ip link set kiloip mtu 1480 up',
      'ip nexthop replace id 1073741924 via 10.0.1.7 dev kiloip onlink protocol 107',
      'ip route replace 10.42.7.0/24 nhid 1073741924 table 254 metric 107 proto 107',
      'conntrack -D -d 10.42.7.0/24 (translated only)',
    ]);
    expect(go(host, plan)).toEqual([]);
    expect(go(host, ipipPlan('10.0.0.3')).slice(1, 3)).toEqual([
      'ip link del kiloip',
      'ip link add kiloip mtu 1480 type ipip local 10.0.0.3',
    ]);
    expect(go(host, ipipPlan('10.0.0.3'))).toEqual([]);
    go(host, emptyPlan('m'));
    expect(host.state()).toEqual(createFakeHost().state());
  });

  test('goes from VXLAN to IPIP and back with a way at every step', () => {
    const host = createFakeHost();
    const { encapsulation: _none, ...rest } = ipipPlan('10.0.0.2');
    const vxlan: NodePlan = {
      ...rest,
      encapsulation: {
        kind: 'vxlan',
        name: DEVICE_NAME.vxlan,
        vni: 1107,
        port: VXLAN_PORT,
        mtu: 1450,
        local: '10.0.0.2',
        mac: '02:6b:0a:00:00:02',
        neighbours: [],
        alternative: 'ipip',
      },
      nexthops: rest.nexthops.map((one) => ({ ...one, dev: DEVICE_NAME.vxlan })),
    };
    const hasWay = (state: HostState): void =>
      expect(state.routes.has(routeKey({ dst: '10.42.7.0/24', table: 254, metric: 107 }))).toBe(true);
    go(host, vxlan);
    for (const [plan, device] of [
      [ipipPlan('10.0.0.2'), 'kiloip'],
      [vxlan, 'kilovx'],
    ] as const) {
      go(host, plan, new Map(), hasWay);
      expect([...host.state().links.keys()]).toEqual([device]);
    }
  });

  test("uses a network plugin's device, leaves it alone, and waits for it where it is missing", () => {
    const host = createFakeHost('eth0', 0, { plugins: ['flannel.1'] });
    const { encapsulation: _none, ...rest } = ipipPlan('10.0.0.2');
    const plan: NodePlan = {
      ...rest,
      firewall: { clampInterfaces: [] },
      nexthops: rest.nexthops.map((one) => ({ ...one, dev: 'flannel.1' })),
    };
    expect(go(host, plan)).toEqual([
      'ip nexthop replace id 1073741924 via 10.0.1.7 dev flannel.1 onlink protocol 107',
      'ip route replace 10.42.7.0/24 nhid 1073741924 table 254 metric 107 proto 107',
      'conntrack -D -d 10.42.7.0/24 (translated only)',
    ]);
    expect(go(host, emptyPlan('m'))).toEqual(['ip route del 10.42.7.0/24 table 254 metric 107 proto 107', 'ip nexthop del id 1073741924']);
    const model = createHostModel(createFakeHost().state());
    const [first] = planChanges({ desired: plan, observed: model.state(), prior: new Map(), publicKey });
    expect(first === undefined ? undefined : model.unmet(first)).toBe('device flannel.1 is missing');
  });

  test('only loosens what is strict, and forwards only where it did not', () => {
    const host = createFakeHost();
    const sysctls = new Map([
      ['net/ipv4/ip_forward', '1'],
      ['net/ipv4/nexthop_compat_mode', '1'],
      ['net/ipv4/conf/all/rp_filter', '1'],
      ['net/ipv4/conf/default/rp_filter', '0'],
    ]);
    const plan = gatewayPlan({ planes: 1, remotes: [east] });
    const commands = planChanges({ desired: plan, observed: { ...host.state(), sysctls }, prior: new Map(), publicKey }).map(changeText);
    expect(commands.filter((text) => text.startsWith('sysctl'))).toEqual([
      'sysctl net/ipv4/nexthop_compat_mode=0',
      'sysctl net/ipv4/conf/kilo0/rp_filter=2',
    ]);
  });

  test('from any plan to any other every remote of both stays reachable at every step, and the model agrees with the kernel', () => {
    const remote = fc.record({
      name: fc.constantFrom('a', 'b', 'c', 'd'),
      prefixes: fc.uniqueArray(fc.constantFrom('10.42.0.0/24', '10.42.1.0/24', '10.43.0.0/24', '10.44.0.0/24'), {
        minLength: 1,
        maxLength: 3,
      }),
      endpoint: fc.constantFrom('192.0.2.1:1', '192.0.2.2:2'),
      active: fc.constantFrom(0, 1),
      generation: fc.constantFrom(0, 1),
    });
    const plan = fc
      .uniqueArray(remote, { selector: ({ name }) => name, maxLength: 4 })
      .map(disjoint)
      .map((remotes) => gatewayPlan({ remotes }));
    fc.assert(
      fc.property(fc.array(plan, { minLength: 2, maxLength: 5 }), (plans) => {
        const host = createFakeHost();
        let prior: EndpointMemory = new Map();
        let previous = emptyPlan('a');
        for (const next of plans) {
          const lasting = prefixesOf(next).filter((prefix) => prefixesOf(previous).includes(prefix));
          const model = createHostModel(host.state());
          const changes = planChanges({ desired: next, observed: host.state(), prior, publicKey });
          for (const change of changes) {
            expect(model.unmet(change)).toBeUndefined();
            expect(host.run(change)).toBeUndefined();
            model.record(change);
            for (const prefix of lasting) {
              expect(wayTo(host.state(), prefix)).toBeDefined();
              expect(holderOf(host.state(), 'kilo0', prefix)).toBeDefined();
            }
          }
          expect(comparable(model.state())).toEqual(comparable(host.state()));
          prior = rememberEndpoints(next, prior, []);
          expect(planChanges({ desired: next, observed: host.state(), prior, publicKey })).toEqual([]);
          previous = next;
        }
      }),
      { numRuns: 150 },
    );
  });
});

/** Two remotes of one plan never claim the same prefix. */
function disjoint(remotes: readonly Remote[]): readonly Remote[] {
  const taken = new Set<string>();
  return remotes.map((remote) => ({ ...remote, prefixes: remote.prefixes.filter((prefix) => !taken.has(prefix) && taken.add(prefix)) }));
}

function prefixesOf(plan: NodePlan): readonly string[] {
  return plan.interfaces[0]?.peers.flatMap((peer) => peer.allowedIPs) ?? [];
}

/** The members of the group that traffic for `prefix` takes. */
function wayTo(state: HostState, prefix: string): readonly number[] | undefined {
  const to = state.routes.get(routeKey({ dst: prefix, table: 254, metric: 107 }))?.to;
  return to?.kind === 'group' ? state.groups.get(to.id) : undefined;
}

function holderOf(state: HostState, name: string, prefix: string): string | undefined {
  return [...(state.wireguard.get(name)?.peers ?? [])].find(([, peer]) => peer.allowedIPs.includes(prefix))?.[0];
}

/** Without what only a kernel knows, and in one order. */
function comparable(state: HostState): unknown {
  const sorted = <T>(map: ReadonlyMap<string, T>): readonly (readonly [string, T])[] => [...map].toSorted(([a], [b]) => a.localeCompare(b));
  const wireguard = sorted(state.wireguard).map(([name, one]) => [name, one.publicKey, one.listenPort, sorted(one.peers)]);
  return { ...state, at: 0, wireguard, routes: sorted(state.routes) };
}

/** A member that reaches a neighbour's pods in IPIP. */
function ipipPlan(local: string): NodePlan {
  return {
    ...emptyPlan('m'),
    encapsulation: { kind: 'ipip', name: 'kiloip', mtu: 1480, local, alternative: 'vxlan' },
    nexthops: [{ id: 1_073_741_924, name: 'node/n', dev: 'kiloip', via: '10.0.1.7', family: 'inet' }],
    routes: [{ dst: '10.42.7.0/24', table: 254, metric: 107, to: { kind: 'nexthop', id: 1_073_741_924 } }],
    firewall: { clampInterfaces: [], encapsulation: { kind: 'ipip', local, from: ['10.0.1.7'] } },
  };
}

function memberPlan(others: readonly string[]): NodePlan {
  return {
    ...emptyPlan('m'),
    meshAddresses: ['10.4.0.9'],
    encapsulation: {
      kind: 'vxlan',
      name: DEVICE_NAME.vxlan,
      vni: 1107,
      port: VXLAN_PORT,
      mtu: 1450,
      local: '10.0.0.2',
      mac: '02:00:00:00:00:99',
      neighbours: others.map((address, index) => ({ node: `n${index}`, address, mac: `02:00:00:00:00:0${index}`, hops: [address] })),
      alternative: 'ipip',
    },
    nexthops: others.map((via, index) => ({ id: 1_073_741_923 + index, name: via, dev: DEVICE_NAME.vxlan, via, family: 'inet' as const })),
    routes: others.map((address, index) => ({
      dst: `${address}/32`,
      table: RULE_TABLE,
      metric: 107,
      to: { kind: 'nexthop' as const, id: 1_073_741_923 + index },
    })),
    rules: others.map((address) => ({ priority: 1107, from: '10.42.9.0/24', to: `${address}/32`, table: RULE_TABLE })),
    firewall: { clampInterfaces: [], encapsulation: { kind: 'vxlan', port: VXLAN_PORT, from: others } },
  };
}
