/**
 * Federations as a hub would tell of them: one in which all is well, and that one with something wrong.
 */
import type { FederationStatus } from '../../core/api/status.js';

type Member = FederationStatus['members'][number];

const east: Member = {
  id: 'east',
  state: 'ready',
  server: 'https://10.77.0.1:6443',
  kubernetesVersion: 'v1.35.4',
  podCIDRs: ['10.1.0.0/16'],
  serviceCIDRs: ['10.101.0.0/16'],
  meshCIDRs: ['10.4.1.0/24'],
  segments: [
    {
      location: 'lyon',
      nodes: ['east-a1', 'east-a2'],
      allowedIPs: ['10.1.0.0/24', '10.1.1.0/24', '10.4.1.1/32', '10.4.1.2/32'],
      gateways: [
        { slot: 0, node: 'east-a1', endpoint: '192.0.2.11:51820', publicKey: 'rHuXLmOeO6ArgWCaS9eiUTU/dNVPGMjDSo4yhOrg/UI=' },
        { slot: 1, node: 'east-a2', endpoint: '192.0.2.12:51820', publicKey: 'Hkl/cQcWPQxUZVRHG9fUSRhUPFbyBmASKgWpQLMDTFs=' },
      ],
    },
    {
      location: 'oslo',
      nodes: ['east-b1'],
      allowedIPs: ['10.1.2.0/24', '10.4.1.3/32'],
      gateways: [{ slot: 0, node: 'east-b1', publicKey: 'wLzaQaTl3ePGGrnbGvxzCIQ0XiPDsTcXMRNbWz2cOmE=' }],
    },
  ],
  written: { peers: 1, services: 0, slices: 0 },
};

const west: Member = {
  id: 'west',
  state: 'ready',
  server: 'https://10.77.0.2:6443',
  kubernetesVersion: 'v1.34.2',
  podCIDRs: ['10.2.0.0/16'],
  serviceCIDRs: ['10.102.0.0/16'],
  meshCIDRs: ['10.4.2.0/24'],
  segments: [
    {
      location: '',
      nodes: ['west-a1'],
      allowedIPs: ['10.2.0.0/24', '10.4.2.1/32'],
      gateways: [{ slot: 0, node: 'west-a1', endpoint: '192.0.2.21:51820', publicKey: 'OYRxnzZEKY8H8UHIVkN4JyyhSnWDcCgDbCYK2b1xFUY=' }],
    },
  ],
  written: { peers: 3, services: 1, slices: 1 },
};

export const HEALTHY: FederationStatus = {
  hub: { version: '0.1.0', uptimeSeconds: 3_905, queue: { kind: 'redis' } },
  members: [east, west],
  pairs: [
    { from: 'east', to: 'west', state: 'linked', peers: 3 },
    { from: 'west', to: 'east', state: 'linked', peers: 1 },
  ],
  services: [
    {
      namespace: 'demo',
      name: 'web',
      exporters: [{ cluster: 'east', endpoints: 2, ready: 1 }],
      importers: [{ cluster: 'west', state: 'mirrored', service: 'web' }],
    },
  ],
  problems: [],
};

/** The hub told of the pair once; both directions are refused. */
export const REFUSED_PAIR: FederationStatus = {
  ...HEALTHY,
  pairs: [
    { from: 'east', to: 'west', state: 'refused', reason: 'pod CIDR 10.1.0.0/16 is used by both', peers: 0 },
    { from: 'west', to: 'east', state: 'refused', reason: 'pod CIDR 10.1.0.0/16 is used by both', peers: 0 },
  ],
  services: [],
  problems: [
    {
      cluster: 'west',
      subject: 'pair east',
      reason: 'OverlappingCIDRs',
      message: 'Pod CIDR 10.1.0.0/16 is used by east and by west. Give one of them another range.',
    },
  ],
};

/** The hub has no words for it besides the states. */
export const UNREACHABLE_MEMBER: FederationStatus = {
  ...HEALTHY,
  hub: { ...HEALTHY.hub, queue: { kind: 'redis', degraded: 'redis unreachable: working in process' } },
  members: [east, { ...west, state: 'unreachable', reason: 'connect ECONNREFUSED 10.77.0.2:6443' }],
  services: HEALTHY.services.map((service) => ({
    ...service,
    importers: [
      { cluster: 'west', state: 'mirrored', service: 'derived-1f2e3d4c5b' },
      { cluster: 'north', state: 'pending', reason: 'create namespace demo in north to import it there' },
    ],
  })),
};

export const EMPTY: FederationStatus = {
  hub: { version: '0.1.0', uptimeSeconds: 5, queue: { kind: 'memory' } },
  members: [],
  pairs: [],
  services: [],
  problems: [],
};
