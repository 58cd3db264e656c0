/**
 * Federations as a hub would tell of them: one without problems, and that one with something wrong.
 */
import type { FederationStatus } from '../../core/api/status.js';

type Member = FederationStatus['members'][number];

const east: Member = {
  id: 'east',
  state: 'ready',
  server: 'https://10.77.0.1:6443',
  clusterUid: '3b0f6a0e',
  kubernetesVersion: 'v1.35.4',
  credentials: { end: '2026-12-12T00:00:00.000Z', daysLeft: 12 },
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
  clusterUid: '8d5f0c52',
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

type End = FederationStatus['links'][number]['from'];

/** Through one tunnel that is up. */
function link(
  from: End,
  to: End,
  tunnel: { readonly node: string; readonly peer: string; readonly endpoint?: string },
): FederationStatus['links'][number] {
  const since = '2026-12-01T00:00:00Z';
  const plane = { slot: 0, ...tunnel, state: 'up', inUse: true, since, rttMilliseconds: 12, lossPercent: 0 } as const;
  return { from, to, state: 'up', since, planes: [plane] };
}

const [LYON, OSLO, WEST] = [
  { member: 'east', segment: 'location:lyon' },
  { member: 'east', segment: 'location:oslo' },
  { member: 'west', segment: 'location:' },
] as const;

export const HEALTHY: FederationStatus = {
  hub: { version: '0.1.0', uptimeSeconds: 3_905, queue: { kind: 'redis' } },
  members: [east, west],
  pairs: [
    { from: 'east', to: 'west', state: 'linked', peers: 3 },
    { from: 'west', to: 'east', state: 'linked', peers: 1 },
  ],
  links: [
    link(LYON, WEST, { node: 'east-a1', peer: 'west-x0a1b2c3d-0', endpoint: '192.0.2.21:51820' }),
    link(OSLO, WEST, { node: 'east-b1', peer: 'west-x0a1b2c3d-0', endpoint: '192.0.2.21:51820' }),
    link(WEST, LYON, { node: 'west-a1', peer: 'east-lyon-0', endpoint: '192.0.2.11:51820' }),
    link(WEST, OSLO, { node: 'west-a1', peer: 'east-oslo-0' }),
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

/** Both directions are refused, which is one problem. */
export const REFUSED_PAIR: FederationStatus = {
  ...HEALTHY,
  pairs: [
    { from: 'east', to: 'west', state: 'refused', reason: 'pod CIDR 10.1.0.0/16 is used by both', peers: 0 },
    { from: 'west', to: 'east', state: 'refused', reason: 'pod CIDR 10.1.0.0/16 is used by both', peers: 0 },
  ],
  links: [],
  services: [],
  problems: [
    {
      cluster: 'east',
      subject: { kind: 'pair', other: 'west' },
      reason: 'OverlappingCIDRs',
      message: 'Pod CIDR 10.1.0.0/16 is used by east and by west. Give one of them another range.',
    },
  ],
};

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
  problems: [
    { subject: { kind: 'queue' }, reason: 'Degraded', message: 'redis unreachable: working in process' },
    { cluster: 'west', subject: { kind: 'member' }, reason: 'Unreachable', message: 'connect ECONNREFUSED 10.77.0.2:6443' },
  ],
};

/** A firewall lets nothing of west through to lyon, where nobody can tell. */
export const BROKEN_LINK: FederationStatus = {
  ...HEALTHY,
  links: HEALTHY.links.map((each) =>
    each.from === WEST && each.to === LYON
      ? {
          ...each,
          state: 'down',
          reason: 'NoAnswer',
          planes: each.planes.map((plane) => ({ ...plane, state: 'down', inUse: false, reason: 'NoAnswer' })),
        }
      : each,
  ),
  problems: [
    {
      cluster: 'east',
      subject: { kind: 'pair', other: 'west' },
      reason: 'LinkDown',
      message: 'no tunnel from west to location lyon of east works: open UDP 51820',
    },
  ],
};

export const EMPTY: FederationStatus = {
  hub: { version: '0.1.0', uptimeSeconds: 5, queue: { kind: 'memory' } },
  members: [],
  pairs: [],
  links: [],
  services: [],
  problems: [{ subject: { kind: 'member' }, reason: 'NoMembers', message: 'no member is declared' }],
};
