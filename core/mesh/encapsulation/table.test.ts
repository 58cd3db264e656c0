import { describe, expect, test } from '@jest/globals';
import type { MeshNode } from '../../api/meshNode.js';
import { asPeers, cluster } from '../../../test/fakes/mesh.js';
import { EAST, east, west, plan, meshAddress, carried, reasons } from '../../../test/fakes/meshPlans.js';
import { ROUTE_METRIC, RULE_TABLE } from '../reserved.js';

describe('encapsulation inside a location', () => {
  /** c is in another subnet than a and b. */
  test('ipip: a device of our own for IPv4, whose far end is the next hop, open to the neighbours only', () => {
    const { encapsulation, nexthops, rules, routes, firewall } = plan('c', east, { mesh: { encapsulationType: 'ipip' } });
    expect(encapsulation).toEqual({ kind: 'ipip', name: 'kiloip', mtu: 1420, local: '172.20.9.13', alternative: 'vxlan' });
    expect(new Set(nexthops.map(({ name, dev, via }) => `${name} ${dev} ${via}`))).toEqual(
      new Set(['node/a kiloip 172.20.1.11', 'node/b kiloip 172.20.1.12']),
    );
    expect(rules).toEqual([{ priority: 1107, from: '10.42.3.0/24', table: RULE_TABLE }]);
    expect(routes.filter(({ table }) => table === RULE_TABLE).map(({ dst }) => dst)).toEqual(['172.20.1.11/32', '172.20.1.12/32']);
    expect(firewall).toEqual({
      clampInterfaces: ['kiloip'],
      encapsulation: { kind: 'ipip', local: '172.20.9.13', from: ['172.20.1.11', '172.20.1.12'] },
      probes: ['10.4.0.0/16'],
    });
  });

  test('ipip, between nodes of one subnet: straight', () => {
    const { encapsulation, nexthops } = plan(
      'a',
      east.filter(({ metadata }) => metadata.name !== 'c'),
      { mesh: { encapsulationType: 'ipip' } },
    );
    expect(encapsulation).toBeUndefined();
    expect(nexthops.find(({ name }) => name === 'node/b')).toMatchObject({ dev: 'underlay', via: '172.20.1.12' });
  });

  test('ipip carries no IPv6: pods of that family get guards and a problem, IPv4 works', () => {
    const nodes = cluster(
      EAST.map((node, index) => ({ ...node, secondIP: `fd00:20:${index}::1/64`, secondPods: `fd00:42:${index}::/64` })),
      '10.4.0.0/16,fd00:4::/64',
    );
    const planned = plan('c', nodes, { mesh: { encapsulationType: 'ipip', wireguardCIDRs: ['10.4.0.0/16', 'fd00:4::/64'] } });
    expect(reasons(planned)).toEqual(['node a: NotCarried', 'node b: NotCarried']);
    expect(planned.routes.filter(({ dst }) => dst === 'fd00:42:0::/64').map(({ to }) => to.kind)).toEqual(
      planned.routes.filter(({ dst }) => dst === 'fd00:42:0::/64').map(() => 'unreachable'),
    );
    expect(carried(planned)).toContain('10.42.1.0/24 -> node/a');
  });

  test('flannel: its own device, pods inside the location left to it, its routes for other locations outbid', () => {
    const planned = plan('c', east, { mesh: { encapsulationType: 'flannel' }, peers: asPeers('west', west, 2) });
    expect([planned.encapsulation, planned.firewall]).toMatchObject([undefined, { clampInterfaces: ['flannel.1'] }]);
    expect(new Set(planned.nexthops.map(({ name, dev, via }) => `${name} ${dev} ${via}`))).toEqual(
      new Set(['node/a flannel.1 10.42.1.0', 'node/b flannel.1 10.42.2.0']),
    );
    expect(carried(planned).filter((each) => /^10[.]4[23]?[.]/.test(each))).toEqual(
      [
        '10.42.4.0/25 -> node/a|node/b',
        '10.42.4.128/25 -> node/a|node/b',
        '10.43.0.0/24 -> node/a|node/b',
        ...['a', 'b', 'd'].map((name) => `${meshAddress(east, name)}/32 -> ${name === 'd' ? 'node/a|node/b' : `node/${name}`}`),
      ].toSorted(),
    );
    expect([planned.rules, planned.problems]).toEqual([[], []]);
  });

  test("flannel: what leaves a gateway's tunnels for a node itself goes by its device too, what comes from pods does not", () => {
    const { rules, tunnelRules, routes, nexthops } = plan('a', east, { mesh: { encapsulationType: 'flannel' } });
    expect(rules).toEqual([]);
    expect(tunnelRules?.map(({ iif }) => iif)).toEqual(['kilo0', 'kilo1']);
    const way = nexthops.find(({ name }) => name === 'node/c');
    expect(way).toMatchObject({ dev: 'flannel.1', via: '10.42.3.0' });
    expect(routes.filter(({ table }) => table === RULE_TABLE)).toEqual([
      { dst: '172.20.9.13/32', table: RULE_TABLE, metric: ROUTE_METRIC, to: { kind: 'nexthop', id: way?.id } },
    ]);
  });

  test('flannel: a device for each family', () => {
    const nodes = cluster(
      EAST.map((node, index) => ({ ...node, secondPods: `fd00:42:${index}::/64` })),
      '10.4.0.0/16,fd00:4::/64',
    );
    const { nexthops } = plan('c', nodes, { mesh: { encapsulationType: 'flannel', wireguardCIDRs: ['10.4.0.0/16', 'fd00:4::/64'] } });
    expect(nexthops.filter(({ name }) => name === 'node/a').map(({ dev, via }) => [dev, via])).toEqual(
      expect.arrayContaining([
        ['flannel.1', '10.42.1.0'],
        ['flannel-v6.1', 'fd00:42::'],
      ]),
    );
  });

  test('cilium: IPIP between the addresses of cilium_host, and no way to a node that tells none', () => {
    const nodes = east.map((node): MeshNode =>
      node.metadata.name === 'b'
        ? node
        : { ...node, spec: { ...node.spec, cniCompatibilityIP: node.spec.podCIDRs[0]?.replace('.0/24', '.99') } },
    );
    const { encapsulation, nexthops, groups, firewall, rules } = plan('c', nodes, { mesh: { encapsulationType: 'cilium' } });
    expect(encapsulation).toEqual({ kind: 'ipip', name: 'kiloip', mtu: 1420, local: '10.42.3.99', alternative: 'vxlan' });
    expect(nexthops.map(({ name, dev, via }) => `${name} ${dev} ${via}`)).toEqual(['node/a kiloip 10.42.1.99']);
    expect(groups[0]?.paths.map(({ name }) => name)).toEqual(['node/a']);
    expect(firewall).toEqual({
      clampInterfaces: ['kiloip'],
      encapsulation: { kind: 'ipip', local: '10.42.3.99', from: ['10.42.1.99'] },
      probes: ['10.4.0.0/16'],
      kept: {
        pods: ['10.42.1.0/24', '10.42.2.0/23', '10.42.4.0/24'],
        remote: [`${meshAddress(nodes, 'd')}/32`, '10.42.4.0/24', '172.20.2.11/32'],
      },
    });
    expect(rules).toEqual([]);
  });
});
