/**
 * The objects of a member that has as much as it may and more, and changes all of it all the time.
 */
import type { KubeObject } from '../../core/api/resources.js';

export interface Size {
  /** Each exported, in the namespace `demo`, with one slice. */
  readonly services: number;
  readonly meshNodes: number;
  /** Changes a second, in turns of a Service, its slice, a MeshNode. */
  readonly changesPerSecond: number;
}

/** `round` makes it differ from itself. */
export function serviceOf(index: number, round: number): KubeObject {
  const metadata = meta(`s${index}`, round, { annotations: { 'kilofed.io/export': 'true' } });
  return object('v1', 'Service', metadata, {
    spec: { type: 'ClusterIP', clusterIP: '10.103.0.1', ipFamilies: ['IPv4'], ports: [{ port: 80 + (round % 8), protocol: 'TCP' }] },
  });
}

export function sliceOf(index: number, round: number): KubeObject {
  const metadata = meta(`s${index}-1`, round, { labels: { 'kubernetes.io/service-name': `s${index}` } });
  const address = `10.64.${index % 256}.${(round % 250) + 1}`;
  return object('discovery.k8s.io/v1', 'EndpointSlice', metadata, {
    addressType: 'IPv4',
    ports: [{ port: 8080, protocol: 'TCP' }],
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
  });
}

export function meshNodeOf(index: number, round: number): KubeObject {
  const key = Buffer.alloc(32);
  key.writeUInt32BE(index + 1);
  const [high, low] = [Math.floor(index / 256), index % 256];
  const { namespace: _none, ...metadata } = meta(`n${index}`, round, {});
  return object('kilofed.io/v1alpha1', 'MeshNode', metadata, {
    spec: {
      publicKey: key.toString('base64'),
      endpoints: [{ host: `203.0.113.${(round % 250) + 1}`, port: 51820 }],
      internalIPs: [`10.90.${high}.${low}/32`],
      podCIDRs: [`10.${64 + high}.${low}.0/24`],
      location: `l${index % 32}`,
      gateway: 'auto',
      persistentKeepalive: 0,
    },
    status: { meshAddresses: [`10.5.${high}.${low}`], slot: Math.floor(index / 32) < 2 ? Math.floor(index / 32) : undefined },
  });
}

export function mesh(): KubeObject {
  return object(
    'kilofed.io/v1alpha1',
    'Mesh',
    { name: 'default', uid: 'u-mesh', resourceVersion: '1' },
    {
      spec: { wireguardCIDRs: ['10.5.0.0/16'] },
      status: { serviceCIDRs: ['10.103.0.0/16'], podCIDRs: ['10.64.0.0/12'] },
    },
  );
}

export function namespaceOf(name: string): KubeObject {
  return object('v1', 'Namespace', { name, uid: `u-evil-${name}`, resourceVersion: '1' }, {});
}

function object(apiVersion: string, kind: string, metadata: KubeObject['metadata'], rest: object): KubeObject {
  return { apiVersion, kind, metadata, ...rest };
}

function meta(name: string, round: number, more: object): KubeObject['metadata'] {
  return {
    name,
    namespace: 'demo',
    uid: `u-${name}`,
    resourceVersion: String(round + 2),
    creationTimestamp: '2026-01-01T00:00:00Z',
    ...more,
  };
}
