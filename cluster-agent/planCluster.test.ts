import { describe, expect, test } from '@jest/globals';
import { meshSpecSchema, type Mesh } from '../core/api/mesh.js';
import { cluster } from '../test/fakes/mesh.js';
import { type ClusterInput, planCluster } from './planCluster.js';

const MESH: Mesh = {
  apiVersion: 'kilofed.io/v1alpha1',
  kind: 'Mesh',
  metadata: { name: 'default', generation: 3 },
  spec: meshSpecSchema.parse({}),
};

const SKETCHES = [
  { name: 'a', location: 'eu', internalIP: '172.20.1.11/24', podCIDR: '10.42.0.0/24' },
  { name: 'b', location: 'eu', internalIP: '172.20.1.12/24', podCIDR: '10.42.1.0/24' },
  { name: 'c', location: 'eu', internalIP: '172.20.1.13/24', podCIDR: '10.42.2.0/24' },
  { name: 'd', location: 'us', internalIP: '172.20.2.11/24', podCIDR: '10.42.3.0/24' },
];

function input(names: readonly string[], more: Partial<ClusterInput> = {}): ClusterInput {
  const meshNodes = cluster(SKETCHES, '10.4.0.0/16');
  const nodes = SKETCHES.filter(({ name }) => names.includes(name)).map(({ name, podCIDR }) => ({ name, uid: name, podCIDRs: [podCIDR] }));
  return { mesh: MESH, nodes, meshNodes, serviceCIDRs: ['10.96.0.0/12'], ...more };
}

const slots = (given: ClusterInput): Record<string, number | undefined> =>
  Object.fromEntries([...planCluster(given).meshNodes].map(([name, { slot }]) => [name, slot]));

test('tells what the cluster is made of', () => {
  expect(planCluster(input(['a', 'b', 'c', 'd'])).mesh).toEqual({
    observedGeneration: 3,
    podCIDRs: ['10.42.0.0/22'],
    serviceCIDRs: ['10.96.0.0/12'],
    nodeCIDRs: ['172.20.1.11/32', '172.20.1.12/32', '172.20.1.13/32', '172.20.2.11/32'],
    segments: [
      { name: 'location:eu', location: 'eu', nodes: 3, gateways: [{ slot: 0, node: 'a' }, { slot: 1, node: 'b' }] },
      { name: 'location:us', location: 'us', nodes: 1, gateways: [{ slot: 0, node: 'd' }] },
    ],
    conditions: [{ type: 'Ready', status: 'True', reason: 'Meshed', message: '', observedGeneration: 3 }],
  });
});

describe('slots', () => {
  test.each([
    ['all are there', ['a', 'b', 'c', 'd'], { a: 0, b: 1, c: undefined, d: 0 }],
    ['the holder of slot 0 leaves: the third takes it, the second stays', ['b', 'c', 'd'], { b: 1, c: 0, d: 0 }],
    ['a node leaves that had none', ['a', 'b', 'd'], { a: 0, b: 1, d: 0 }],
  ])('%s', (_what, names, expected) => {
    expect(slots(input(names))).toEqual(expected);
  });
});

test('addresses stay when others leave', () => {
  const address = (given: ClusterInput): readonly string[] | undefined => planCluster(given).meshNodes.get('c')?.meshAddresses;
  expect(address(input(['c']))).toEqual(address(input(['a', 'b', 'c', 'd'])));
});

describe('says what is wrong and what to do', () => {
  const spec = (more: object): Mesh => ({ ...MESH, spec: { ...MESH.spec, ...more } });
  test.each<[string, Partial<ClusterInput>, string]>([
    ['a mesh range inside the pods\'', { mesh: spec({ wireguardCIDRs: ['10.42.0.0/24'] }) }, 'RangeOverlap'],
    ['a mesh range inside the services\'', { mesh: spec({ wireguardCIDRs: ['10.97.0.0/24'] }) }, 'RangeOverlap'],
    ['too few addresses', { mesh: spec({ wireguardCIDRs: ['10.4.0.0/31'] }) }, 'AddressesExhausted'],
    ['a cluster without the ServiceCIDR API', { serviceCIDRs: undefined }, 'ServiceRangeUnknown'],
  ])('%s', (_what, more, reason) => {
    expect(planCluster(input(['a', 'b', 'c', 'd'], more)).mesh.conditions).toMatchObject([{ status: 'False', reason }]);
  });
});
