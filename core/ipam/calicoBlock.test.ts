import { expect, test } from '@jest/globals';
import type { KubeObject } from '../api/resources.js';
import { calicoBlock } from './calicoBlock.js';

/** As Calico writes it: a place for each address, of which the first ones are taken, and what is known of each taken one. */
function block(spec: object): KubeObject {
  return { apiVersion: 'crd.projectcalico.org/v1', kind: 'IPAMBlock', metadata: { name: '10-244-7-64-26' }, spec } as KubeObject;
}

const pod = (node: string, name: string): object => ({
  handle_id: `k8s-pod-network.${name}`,
  secondary: { namespace: 'demo', node, pod: name, timestamp: '2026-03-01 10:00:00 +0000 UTC' },
});
const free = (count: number): null[] => Array.from({ length: count }, () => null);

test('a block of a node, with the address of its own tunnel and of two pods', () => {
  const tunnel = { handle_id: 'vxlan-tunnel-addr-a', secondary: { node: 'a', type: 'vxlanTunnelAddress' } };
  const spec = {
    cidr: '10.244.7.64/26',
    affinity: 'host:a',
    strictAffinity: false,
    allocations: [0, 1, 2, ...free(61)],
    attributes: [tunnel, pod('a', 'web-1'), pod('a', 'web-2')],
    unallocated: Array.from({ length: 61 }, (_, index) => index + 3),
  };
  expect(calicoBlock(block(spec))).toEqual({ cidr: '10.244.7.64/26', node: 'a', borrowed: {} });
});

test('addresses that other nodes borrow, by their place in the block', () => {
  const spec = {
    cidr: '10.244.7.64/26',
    affinity: 'host:a',
    allocations: [0, null, 1, ...free(60), 2],
    attributes: [pod('a', 'web-1'), pod('b', 'web-2'), pod('b', 'web-3')],
  };
  expect(calicoBlock(block(spec))).toEqual({
    cidr: '10.244.7.64/26',
    node: 'a',
    borrowed: { b: ['10.244.7.66/32', '10.244.7.127/32'] },
  });
});

test('a block that its node has given up: what is left of it are single addresses', () => {
  const spec = { cidr: 'fd00:244:7::/122', affinity: null, allocations: [null, 0, ...free(62)], attributes: [pod('a', 'web-1')] };
  expect(calicoBlock(block(spec))).toEqual({ cidr: 'fd00:244:7::/122', borrowed: { a: ['fd00:244:7::1/128'] } });
});

test.each([
  ['of load balancers', { cidr: '10.9.0.0/26', affinity: 'virtual:load-balancer', allocations: [0], attributes: [{ secondary: {} }] }],
  ['without anything known of its addresses', { cidr: '10.9.0.0/26', allocations: [0, 7], attributes: [{ handle_id: 'x' }] }],
  ['without allocations', { cidr: '10.9.0.0/26' }],
])('a block %s belongs to no node', (_, spec) => {
  expect(calicoBlock(block(spec))).toEqual({ cidr: '10.9.0.0/26', borrowed: {} });
});

test.each([
  ['is about to go', { cidr: '10.9.0.0/26', affinity: 'host:a', deleted: true }],
  ['has no range', { cidr: 'ten', affinity: 'host:a' }],
  ['has a number where a text belongs', { cidr: 10, affinity: 'host:a' }],
])('a block that %s is none', (_, spec) => {
  expect(calicoBlock(block(spec))).toBeUndefined();
});
