import { expect, test } from '@jest/globals';
import { ANNOTATION } from '../api/names.js';
import { asPeers, cluster, defaults, type NodeSketch, externalPeer } from '../../test/fakes/mesh.js';
import type { NodePlan } from './plan.js';
import { planNode } from './planNode.js';

/** eu: gateways a and b, and c; us: gateway d. */
const EAST: readonly NodeSketch[] = [
  { name: 'a', location: 'eu', internalIP: '172.20.1.11/24', podCIDR: '10.42.1.0/24' },
  { name: 'b', location: 'eu', internalIP: '172.20.1.12/24', podCIDR: '10.42.2.0/24' },
  { name: 'c', location: 'eu', internalIP: '172.20.1.13/24', podCIDR: '10.42.3.0/24' },
  { name: 'd', location: 'us', internalIP: '172.20.2.11/24', podCIDR: '10.42.4.0/24' },
];
const east = cluster(EAST, '10.4.0.0/16');
const west = cluster([{ name: 'w', internalIP: '172.20.7.5/24', podCIDR: '10.43.0.0/24' }], '10.5.0.0/16');
const address = (name: string): string =>
  [...east, ...west].find(({ metadata }) => metadata.name === name)?.status?.meshAddresses?.[0] ?? '';

/** West's gateway as a Peer, with the mesh address that the hub writes. */
const [peer] = asPeers('west', west, 2);
const peers =
  peer === undefined
    ? []
    : [
        { ...peer, metadata: { ...peer.metadata, annotations: { ...peer.metadata.annotations, [ANNOTATION.meshAddress]: address('w') } } },
        externalPeer('laptop'),
      ];

function plan(node: string): NodePlan {
  const planned = planNode({ node, mesh: defaults, nodes: east, peers, resolved: {}, underlayMtu: 1500 });
  if (planned.kind === 'absent') throw new Error(planned.reason);
  return planned.plan;
}

/** `name: from port -> addresses, answered by plane`. */
const paths = ({ probing }: NodePlan): string[] =>
  (probing?.paths ?? []).map(
    ({ name, from, targets, answerVia }) =>
      `${name}: ${from} -> ${targets.map((each) => each.address).join('|')}${answerVia === undefined ? '' : ` by ${answerVia}`}`,
  );

/** `port -> table -> nexthop`. */
const sources = ({ probing, routes, nexthops }: NodePlan): string[] =>
  (probing?.rules ?? []).map(({ sport, table }) => {
    const to = routes
      .filter((route) => route.table === table)
      .map(
        (route) =>
          `${route.dst} ${route.to.kind === 'nexthop' ? nexthops.find(({ id }) => 'id' in route.to && id === route.to.id)?.name : '?'}`,
      );
    return `${sport} -> ${table} -> ${to.join()}`;
  });

test('a gateway asks its sibling, through it, and every remote gateway by the plane of its slot', () => {
  const planned = plan('a');
  expect(paths(planned)).toEqual([
    `lan/b: 51810 -> ${address('b')}`,
    `relay/b: 51816 -> ${address('d')}|${address('w')} by 1`,
    `tunnel/0/location:us: 51811 -> ${address('d')} by 0`,
    `tunnel/0/west/location-: 51811 -> ${address('w')} by 0`,
  ]);
  expect(sources(planned)).toEqual(['51811 -> 1110 -> 0.0.0.0/0 plane/0', '51816 -> 1121 -> 0.0.0.0/0 node/b']);
  expect(planned.probing?.segmentPeers.map(({ name }) => name)).toEqual(['b', 'c']);
});

test('a gateway in slot 1 is answered by plane 1', () => {
  expect(paths(plan('b')).filter((path) => path.startsWith('tunnel'))).toEqual([
    `tunnel/0/location:us: 51811 -> ${address('d')} by 1`,
    `tunnel/0/west/location-: 51811 -> ${address('w')} by 1`,
  ]);
});

test('a gateway asks both gateways of a segment, each by its plane', () => {
  const planned = plan('d');
  expect(paths(planned)).toEqual([
    `alternate/0/location:eu: 51810 -> ${address('a')}`,
    `alternate/1/location:eu: 51810 -> ${address('b')}`,
    `tunnel/0/location:eu: 51811 -> ${address('a')} by 0`,
    `tunnel/0/west/location-: 51811 -> ${address('w')} by 0`,
    `tunnel/1/location:eu: 51812 -> ${address('b')} by 0`,
  ]);
  expect(sources(planned)).toEqual(['51811 -> 1110 -> 0.0.0.0/0 plane/0', '51812 -> 1111 -> 0.0.0.0/0 plane/1']);
});

test('of the two ends of a tunnel one begins', () => {
  const yields = (node: string, far: string): boolean =>
    plan(node).probing?.paths.find(({ kind, targets }) => kind === 'tunnel' && targets[0]?.name === far)?.yields === true;
  expect(['a', 'b'].map((each) => yields(each, 'd') !== yields('d', each))).toEqual([true, true]);
});

test('any other node asks its gateways, and through each of them', () => {
  const planned = plan('c');
  expect(paths(planned)).toEqual([
    `lan/a: 51810 -> ${address('a')}`,
    `lan/b: 51810 -> ${address('b')}`,
    `relay/a: 51815 -> ${address('d')}|${address('w')} by 0`,
    `relay/b: 51816 -> ${address('d')}|${address('w')} by 1`,
  ]);
  expect(sources(planned)).toEqual(['51815 -> 1120 -> 0.0.0.0/0 node/a', '51816 -> 1121 -> 0.0.0.0/0 node/b']);
});

test('a node that is all alone asks nobody', () => {
  const planned = planNode({ node: 'w', mesh: defaults, nodes: west, peers: [externalPeer('laptop')], resolved: {}, underlayMtu: 1500 });
  expect(planned.kind === 'plan' ? planned.plan.probing : 'absent').toBeUndefined();
});
