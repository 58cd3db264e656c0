import { expect, test } from '@jest/globals';
import { cluster, defaults } from '../../test/fakes/mesh.js';
import type { NodePlan } from '../mesh/plan.js';
import { planNode } from '../mesh/planNode.js';
import { parseAddresses } from './parseIp.js';
import { withPluginNames } from './pluginNames.js';

const BOTH = '10.4.0.0/16,fd00:4::/64';

/** Of a node beside the gateway of its location, which it reaches by flannel's device. */
function planned(): NodePlan {
  const nodes = cluster(
    [
      { name: 'a', internalIP: '172.20.1.11/24', secondIP: 'fd00:1::11/64', podCIDR: '10.42.0.0/24', secondPods: 'fd42:0:0:1::/64' },
      { name: 'b', internalIP: '172.20.9.12/24', secondIP: 'fd00:9::12/64', podCIDR: '10.42.1.0/24', secondPods: 'fd42:0:0:2::/64' },
    ],
    BOTH,
  );
  const mesh = { ...defaults, encapsulationType: 'flannel' as const, encapsulation: 'always' as const };
  const result = planNode({ node: 'b', mesh, nodes, peers: [], resolved: {}, underlayMtu: 1500 });
  if (result.kind === 'absent') throw new Error(result.reason);
  return result.plan;
}

/** The devices that next hops are on, and those whose packets are clamped, on a host with `devices`. */
function devices(...names: readonly string[]): readonly unknown[] {
  const { pluginDevices } = parseAddresses(JSON.stringify(names.map((ifname) => ({ ifname, mtu: 1450, addr_info: [] }))));
  const { nexthops, firewall } = withPluginNames(planned(), { pluginDevices });
  return [nexthops.map(({ dev }) => dev), firewall.clampInterfaces.filter((dev) => dev.startsWith('flannel'))].map((list) =>
    [...new Set(list)].filter((dev) => !dev.startsWith('kilo')).toSorted(),
  );
}

const USUAL = ['flannel-v6.1', 'flannel.1'];
const RKE2 = ['flannel-v6.4096', 'flannel.4096'];

test.each([
  ["report 11: RKE2's", ['eth0', ...RKE2], RKE2],
  ['the usual ones', ['eth0', ...USUAL], USUAL],
  ['of one family', ['flannel.4096'], ['flannel-v6.1', 'flannel.4096']],
  ['none: what lacks is named by its usual name', ['eth0', 'flannel', 'flannel.x', 'veth.4096'], USUAL],
  ['two that it could be: neither is guessed', ['flannel.2', 'flannel.4096', 'flannel-v6.1'], USUAL],
])('%s', (_what, names, expected) => {
  expect(devices(...names)).toEqual([expected, expected]);
});
