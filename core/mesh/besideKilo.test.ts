import { describe, expect, test } from '@jest/globals';
import type { MeshNode } from '../api/meshNode.js';
import type { MeshSpec } from '../api/meshSpec.js';
import { subjectText } from '../api/problem.js';
import { cluster, defaults, externalPeer } from '../../test/fakes/mesh.js';
import { planNode } from './planNode.js';
import type { NodePlan } from './plan.js';

/** Two locations: eu with three nodes, us with one. */
function nodes(mesh: MeshSpec): MeshNode[] {
  return cluster(
    [
      { name: 'a', location: 'eu', internalIP: '172.20.1.11/24', podCIDR: '10.42.1.0/24' },
      { name: 'b', location: 'eu', internalIP: '172.20.1.12/24', podCIDR: '10.42.2.0/24' },
      { name: 'c', location: 'eu', internalIP: '172.20.1.13/24', podCIDR: '10.42.3.0/24' },
      { name: 'd', location: 'us', internalIP: '172.20.2.11/24', podCIDR: '10.42.4.0/24' },
    ],
    '10.5.0.0/24',
    mesh,
  );
}

function planOf(node: string, settings: Partial<MeshSpec>): NodePlan {
  const mesh = { ...defaults, ...settings };
  const planned = planNode({ node, mesh, nodes: nodes(mesh), peers: [externalPeer('laptop')], resolved: {}, underlayMtu: 1500 });
  if (planned.kind === 'absent') throw new Error(planned.reason);
  return planned.plan;
}

const tunnels = ({ interfaces }: NodePlan): string[] =>
  interfaces.flatMap(({ name, listenPort, peers }) =>
    peers.map(({ owner, endpoint }) => `${name}:${listenPort} ${subjectText(owner)} ${endpoint}`),
  );
const routes = (plan: NodePlan, table: number): string[] =>
  plan.routes.filter((route) => route.table === table).map(({ dst, to }) => `${to.kind} ${dst}`);

describe("while Kilo's agent runs beside", () => {
  test("a single gateway has a slot whose plane is not Kilo's, and no tunnel is on plane 0", () => {
    expect(nodes({ ...defaults, besideKilo: 'behind' }).map(({ metadata, status }) => `${metadata.name} ${status?.slot}`)).toEqual([
      'a 1',
      'b 0',
      'c undefined',
      'd 1',
    ]);
    expect(tunnels(planOf('a', { besideKilo: 'behind' }))).toEqual(['kilo1:51821 gateway d 172.20.2.11:51821']);
    expect(planOf('b', { besideKilo: 'behind' })).toMatchObject({ role: { kind: 'member' }, interfaces: [] });
  });

  test('with every node a segment, each is in slot 1', () => {
    expect(tunnels(planOf('d', { besideKilo: 'behind', granularity: 'full' }))).toEqual(
      ['a', 'b', 'c'].map((name, index) => `kilo1:51821 gateway ${name} 172.20.1.1${index + 1}:51821`),
    );
  });

  test("external peers stay Kilo's", () => {
    const usual = planOf('a', {});
    expect(tunnels(usual)).toContain('kilo0:51820 peer laptop undefined');
    expect(routes(usual, 254)).toContain('group 10.9.0.1/32');
    expect(JSON.stringify(planOf('a', { besideKilo: 'ahead' }))).not.toContain('10.9.0.1');
  });

  test('behind: routes are where they always are; ahead: in a table before the main one, and the guards stay', () => {
    const behind = planOf('d', { besideKilo: 'behind' });
    const ahead = planOf('d', { besideKilo: 'ahead' });
    const carrying = routes(behind, 254).filter((text) => text.startsWith('group'));
    expect(carrying).toContain('group 10.42.1.0/24');
    expect(behind.rules).toEqual([]);
    expect(routes(ahead, 1108)).toEqual(carrying);
    expect(routes(ahead, 254)).toEqual(routes(behind, 254).filter((text) => text.startsWith('unreachable')));
    expect(ahead.rules).toEqual(['inet', 'inet6'].map((family) => ({ priority: 1116, family, table: 1108 })));
    expect([behind.looseFilters, ahead.looseFilters]).toEqual([
      ['kilo0', 'tunl0'],
      ['kilo0', 'tunl0'],
    ]);
  });

  test("IPv6 waits behind the metric that the kernel gives Kilo's routes", () => {
    const mesh: MeshSpec = { ...defaults, besideKilo: 'behind' };
    const six = cluster(
      ['a', 'd'].map((name, index) => ({ name, location: name, internalIP: `fd00:${index}::1/64`, podCIDR: `fd42:${index}::/64` })),
      'fd04::/64',
      mesh,
    );
    const metric = (besideKilo: 'behind' | 'ahead'): number[] => {
      const planned = planNode({ node: 'a', mesh: { ...mesh, besideKilo }, nodes: six, peers: [], resolved: {}, underlayMtu: 1500 });
      return planned.kind === 'absent'
        ? []
        : planned.plan.routes.filter(({ dst, to }) => dst === 'fd42:1::/64' && to.kind === 'group').map((route) => route.metric);
    };
    expect([metric('behind'), metric('ahead')]).toEqual([[2107], [107]]);
  });
});
