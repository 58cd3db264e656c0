import { expect, test } from '@jest/globals';
import { asPeers, cluster, defaults } from '../../test/fakes/mesh.js';
import type { NodePlan } from './plan.js';
import { planNode } from './planNode.js';
import { withoutIpv6 } from './withoutIpv6.js';

const BOTH = '10.4.0.0/16,fd00:4::/64';
const WEST = asPeers(
  'west',
  cluster([{ name: 'w', internalIP: '192.168.7.5/24', endpoint: '203.0.113.7', podCIDR: '10.43.0.0/24', secondPods: 'fd43::/64' }], BOTH),
  2,
);

function planOf(meshCIDR: string): NodePlan {
  const nodes = cluster(
    [
      { name: 'a', internalIP: '172.20.1.11/24', podCIDR: '10.42.0.0/24' },
      { name: 'b', internalIP: '172.20.9.12/24', secondIP: 'fd00:9::12/64', podCIDR: '10.42.1.0/24', secondPods: 'fd42:0:0:1::/64' },
    ],
    meshCIDR,
  );
  const planned = planNode({ node: 'a', mesh: defaults, nodes, peers: WEST, resolved: {}, underlayMtu: 1500 });
  if (planned.kind === 'absent') throw new Error(planned.reason);
  return planned.plan;
}

test('report 14: a host without IPv6 goes on with IPv4, and is asked for nothing that it refuses', () => {
  const whole = planOf('10.4.0.0/16');
  const { problems, ...plan } = withoutIpv6(whole);
  const touched = JSON.stringify([
    plan.meshAddresses,
    plan.nexthops,
    plan.groups,
    plan.routes,
    plan.rules,
    plan.tunnelRules,
    plan.probing?.rules,
  ]);
  expect(touched).not.toMatch(/inet6|::/);
  expect(JSON.stringify(whole.routes)).toContain('fd43::/64');
  expect(plan.routes).toEqual(whole.routes.filter(({ dst }) => !dst.includes(':')));
  expect(plan.groups.map(({ name }) => name)).toEqual(whole.groups.map(({ name }) => name).filter((name) => name.endsWith('inet')));
  expect(problems).toEqual(whole.problems);
});

test('report 14: where the mesh has IPv6, the lack is told', () => {
  const { meshAddresses, problems } = withoutIpv6(planOf(BOTH));
  expect(meshAddresses).toEqual([expect.stringMatching(/^10\.4\./)]);
  expect(problems).toContainEqual(expect.objectContaining({ subject: { kind: 'node', name: 'a' }, reason: 'NoIPv6' }));
});
