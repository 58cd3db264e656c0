import { expect, test } from '@jest/globals';
import type { KubeObject } from '../api/resources.js';
import { ciliumRanges } from './ciliumNode.js';

test.each<[string, object, string[]]>([
  [
    'cluster-pool, of two families',
    {
      spec: {
        addresses: [{ ip: '172.18.0.3', type: 'InternalIP' }],
        health: { ipv4: '10.0.2.163' },
        ipam: { podCIDRs: ['fd00::200/120', '10.0.2.0/24'] },
      },
      status: { ipam: { 'operator-status': {} } },
    },
    ['10.0.2.0/24', 'fd00::200/120'],
  ],
  [
    'multi-pool',
    {
      spec: {
        ipam: {
          pools: {
            requested: [{ needed: { 'ipv4-addrs': 16 }, pool: 'default' }],
            allocated: [
              { pool: 'default', cidrs: ['10.10.0.0/27', '10.10.0.96/27'] },
              { pool: 'mars', cidrs: ['10.20.0.0/27'] },
              { pool: 'empty' },
            ],
          },
        },
      },
    },
    ['10.10.0.0/27', '10.10.0.96/27', '10.20.0.0/27'],
  ],
  [
    'eni: the pool, and an address that is being taken back from it',
    {
      spec: {
        eni: { 'vpc-id': 'vpc-1' },
        ipam: { 'pre-allocate': 8, pool: { '192.168.53.9': { resource: 'eni-1' }, '192.168.53.8': {} } },
      },
      status: { ipam: { used: { '192.168.53.9': { owner: 'demo/web', resource: 'eni-1' }, '192.168.53.77': { owner: 'router' } } } },
    },
    ['192.168.53.8/32', '192.168.53.9/32', '192.168.53.77/32'],
  ],
  ['that another plugin gives addresses beside', { spec: { ipam: {} }, status: { ipam: {} } }, []],
  ['empty', { spec: {} }, []],
  ['not as Cilium writes it', { spec: { ipam: { podCIDRs: '10.0.0.0/24' } } }, []],
  ['with a range that is none', { spec: { ipam: { podCIDRs: ['ten', '10.0.2.0/24'] } } }, ['10.0.2.0/24']],
])('%s', (_, object, ranges) => {
  const found: KubeObject = { apiVersion: 'cilium.io/v2', kind: 'CiliumNode', metadata: { name: 'a' }, ...object };
  expect(ciliumRanges(found)).toEqual(ranges);
});
