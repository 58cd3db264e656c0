/**
 * One node: a plan with both families, VXLAN, rules and preshared keys is applied, found as it is, changed, and removed.
 */
import { emptyPlan } from '../../core/host/emptyPlan.js';
import type { NodePlan } from '../../core/mesh/plan.js';
import { DEVICE_NAME } from '../../core/mesh/encapsulation/device.js';
import { NEXTHOP_BASE, RULE_TABLE } from '../../core/mesh/reserved.js';
import { VXLAN_PORT } from '../../core/api/ports.js';
import { run } from '../lab/process.js';
import { createWorkbench, photograph } from './bench.js';
import { gatewayPlan, keyOf, type Remote } from './plans.js';

export interface Adopt {
  readonly first: { readonly commands: number; readonly failures: readonly string[] };
  readonly second: readonly string[];
  readonly endpoint: readonly string[];
  readonly roamed: readonly string[];
  readonly group: readonly string[];
  readonly psk: readonly string[];
  readonly moved: readonly string[];
  readonly afterAll: readonly string[];
  readonly cleaned: {
    readonly failures: readonly string[];
    readonly again: readonly string[];
    readonly same: boolean;
    readonly before: string;
    readonly after: string;
  };
}

/** Neither link, route, rule, nexthop, address nor table of ours, though near to it. */
const FOREIGN = `link add kiloX type veth peer name kilo-far
link set kiloX up
addr add 10.99.0.1/32 dev lo
nexthop add id 7 dev eth0
route add 10.98.0.0/16 nhid 7 proto 99
route add 10.97.0.0/16 dev eth0 table ${RULE_TABLE}
rule add priority 1107 to 10.97.0.0/16 table ${RULE_TABLE} protocol 99
`;

export async function adopt(): Promise<Adopt> {
  const bench = await createWorkbench();
  await run(['ip', '-batch', '-'], { input: FOREIGN });
  await run(['nft', '-f', '-'], { input: 'table inet others { chain c { type filter hook forward priority 0; }\n }\n' });
  // With the compatibility mode off, which the agent wants, `ip route` shows nexthop routes without their device.
  await run(['sysctl', '-qw', 'net.ipv4.nexthop_compat_mode=0']);
  const before = await photograph();
  const plan = fullPlan(EAST);
  const first = await bench.go(plan);
  const second = await bench.go(plan);
  const endpoint = await bench.go(fullPlan({ ...EAST, endpoint: '10.0.0.77:51820' }));
  await run(['wg', 'set', 'kilo0', 'peer', peerOf(plan), 'endpoint', '10.0.0.99:4000']);
  const roamed = await bench.go(fullPlan({ ...EAST, endpoint: '10.0.0.77:51820' }));
  const group = await bench.go(fullPlan({ ...EAST, endpoint: '10.0.0.77:51820', active: 1 }));
  const psk = await bench.go(fullPlan({ ...EAST, endpoint: '10.0.0.77:51820', active: 1, presharedKey: keyOf('psk 2') }));
  const moved = await bench.go(fullPlan({ ...EAST, endpoint: '10.0.0.77:51820', active: 1, presharedKey: keyOf('psk 2'), generation: 1 }));
  const afterAll = await bench.go(
    fullPlan({ ...EAST, endpoint: '10.0.0.77:51820', active: 1, presharedKey: keyOf('psk 2'), generation: 1 }),
  );
  const cleaned = await bench.go(emptyPlan('a'));
  const again = await bench.go(emptyPlan('a'));
  const after = await photograph();
  return {
    first: { commands: first.commands.length, failures: first.failures },
    second: second.commands,
    endpoint: endpoint.commands,
    roamed: roamed.commands,
    group: group.commands,
    psk: psk.commands,
    moved: [...moved.commands, ...moved.failures],
    afterAll: afterAll.commands,
    cleaned: { failures: cleaned.failures, again: again.commands, same: before === after, before, after },
  };
}

const EAST: Remote = { name: 'east', prefixes: ['10.42.0.0/24', 'fd42::/64'], endpoint: '10.0.0.66:51820', presharedKey: keyOf('psk 1') };

function peerOf(plan: NodePlan): string {
  return plan.interfaces[0]?.peers.find((peer) => peer.segment === 'east')?.publicKey ?? '';
}

function fullPlan(east: Remote): NodePlan {
  const plan = gatewayPlan({
    remotes: [
      { ...east, prefixes: east.prefixes.filter((prefix) => !prefix.includes(':')) },
      { name: 'west', prefixes: ['10.43.0.0/24'], endpoint: '[fd00::9]:51820' },
    ],
  });
  const six = NEXTHOP_BASE + 50;
  const near = NEXTHOP_BASE + 60;
  return {
    ...plan,
    meshAddresses: ['10.4.0.1', 'fd04::1'],
    interfaces: plan.interfaces.map((one) => ({
      ...one,
      peers: one.peers.map((peer) => (peer.segment === 'east' ? { ...peer, allowedIPs: east.prefixes } : peer)),
    })),
    encapsulation: {
      kind: 'vxlan',
      name: DEVICE_NAME.vxlan,
      vni: 1107,
      port: VXLAN_PORT,
      mtu: 1450,
      local: '10.0.0.2',
      mac: '02:11:22:33:44:55',
      neighbours: [{ node: 'b', address: '10.0.1.7', mac: '02:AA:bb:cc:dd:01', hops: ['10.0.1.7', 'fe80::aa:bbff:fecc:dd01'] }],
      alternative: 'ipip',
    },
    nexthops: [
      ...plan.nexthops,
      { id: six, name: 'plane/0 inet6', dev: 'kilo0', family: 'inet6' },
      { id: near, name: 'node/b', dev: DEVICE_NAME.vxlan, via: '10.0.1.7', family: 'inet' },
      { id: near + 1, name: 'node/c', dev: 'underlay', via: '10.0.0.9', family: 'inet' },
    ],
    groups: [...plan.groups, { id: six + 1, name: 'east inet6', segment: 'east', paths: [], active: [six] }],
    routes: [
      ...plan.routes.map((route) => (route.to.kind === 'group' ? { ...route, src: '10.4.0.1' } : route)),
      { dst: 'fd42::/64', table: 254, metric: 107, to: { kind: 'group', id: six + 1 }, src: 'fd04::1' },
      { dst: 'fd42::/64', table: 254, metric: 4_000_000_107, to: { kind: 'unreachable' } },
      { dst: '10.44.0.0/24', table: 254, metric: 107, to: { kind: 'nexthop', id: near } },
      { dst: '10.45.0.0/24', table: 254, metric: 107, to: { kind: 'nexthop', id: near + 1 } },
      { dst: '10.0.1.7/32', table: RULE_TABLE, metric: 107, to: { kind: 'nexthop', id: near } },
      { dst: '10.4.0.77/32', table: 254, metric: 107, to: { kind: 'device', dev: 'kilo0' } },
    ],
    rules: [
      { priority: 1107, from: '10.42.9.0/24', to: '10.0.1.7/32', table: RULE_TABLE },
      { priority: 1108, to: 'fd00::9/128', table: RULE_TABLE },
    ],
    tunnelRules: [
      { priority: 1109, family: 'inet', iif: 'kilo0', table: RULE_TABLE },
      { priority: 1109, family: 'inet6', iif: 'kilo1', table: RULE_TABLE },
    ],
    firewall: {
      clampInterfaces: ['kilo0', 'kilo1', 'kilovx'],
      tunnels: { ports: [51820, 51821], addresses: ['10.4.0.1', 'fd04::1'] },
      encapsulation: { kind: 'vxlan', port: VXLAN_PORT, from: ['10.0.1.7', 'fd00:0:0::7'] },
    },
  };
}
