/**
 * Objects of our own kinds, good and bad, with the message that a bad one must be refused with.
 *
 * Each runs twice: through zod, and through a real API server that knows nothing but the generated CRDs. Both must say the
 * same.
 */
import type { z } from 'zod';
import { meshSchema } from '../../core/api/mesh.js';
import { meshNodeSchema } from '../../core/api/meshNode.js';
import { serviceExportSchema, serviceImportSchema } from '../../core/api/multicluster.js';
import { nodePolicySchema } from '../../core/api/nodePolicy.js';
import { peerSchema } from '../../core/api/peer.js';
import { RESOURCE, type Resource } from '../../core/api/resources.js';

interface ObjectCase {
  /** What is special about it; unique in the table. */
  readonly title: string;
  readonly resource: Resource;
  readonly schema: z.ZodType;
  readonly object: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly metadata: { readonly name: string; readonly namespace?: string };
    readonly [part: string]: unknown;
  };
  /** Part of what both must say; absent: both accept it. */
  readonly refused?: string | { readonly byServer: string; readonly byZod: string };
}

/** 32 bytes of zero, and of 0xff. */
export const KEY = 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=';
const OTHER_KEY = '//////////////////////////////////////////8=';

const KEY_REFUSED = 'must be a WireGuard key';
const HOST_BITS = 'has bits set behind its prefix length: write the network';
const NO_CIDR = 'must be a CIDR, such as';

export const OBJECT_TABLE: readonly ObjectCase[] = [
  // Mesh
  mesh('with nothing but defaults', {}),
  mesh('with everything', {
    granularity: 'location',
    wireguardCIDRs: ['10.5.0.0/16', 'fd00:5::/64'],
    port: 51820,
    planes: 4,
    encapsulation: 'always',
    topologyLabel: 'example.com/site',
    mtu: 1380,
    cni: { enabled: true, others: 'disable' },
    podNAT: true,
    forwardRules: true,
    serviceCIDRs: ['10.96.0.0/12'],
    besideKilo: 'behind',
    fromMembers: 'exported',
    fromMembersMode: 'audit',
    exportToDefault: 'none',
  }),
  mesh(
    'that lets in from members what nobody knows',
    { fromMembers: 'services' },
    { byServer: 'Unsupported value', byZod: 'Invalid option' },
  ),
  mesh('whose planes end just below the ports of probes', { port: 51806, planes: 4 }),
  mesh('whose planes reach the ports of probes', { port: 51807, planes: 4 }, 'which probes and VXLAN use'),
  mesh('on the VXLAN port', { port: 51819, planes: 1 }, 'which probes and VXLAN use'),
  mesh('that watches its gateways more often', {
    probes: { tunnel: { periodMilliseconds: 50, failureThreshold: 4 }, failbackDelaySeconds: 30 },
  }),
  mesh(
    'that would take one lost packet for a failure',
    { probes: { lan: { failureThreshold: 1 } } },
    { byServer: 'should be greater than or equal to 2', byZod: 'expected number to be >=2' },
  ),
  mesh('with two gateways in use at a time', { gatewayMode: 'ActiveActive' }),
  mesh('with one plane beside Kilo, which would leave none', { planes: 1, besideKilo: 'ahead' }, 'besideKilo needs planes of at least 2'),
  mesh('with a topology label without a prefix', { topologyLabel: 'site' }),
  mesh('with a topology label that is none', { topologyLabel: 'a site' }, 'must be a label key'),
  mesh('with an empty topology label', { topologyLabel: '' }, 'must be a label key'),
  mesh('with host bits in its range', { wireguardCIDRs: ['10.4.0.1/16'] }, HOST_BITS),
  mesh('with IPv6 host bits in its range', { wireguardCIDRs: ['fd00::1/64'] }, HOST_BITS),
  mesh('with an address for a range', { wireguardCIDRs: ['10.4.0.0'] }, NO_CIDR),
  mesh('with two ranges of one family', { wireguardCIDRs: ['10.4.0.0/16', '10.5.0.0/16'] }, 'one range per address family'),
  mesh(
    'with three ranges',
    { wireguardCIDRs: ['10.4.0.0/16', 'fd00::/64', 'fd01::/64'] },
    {
      byServer: 'Too many: 3: must have at most 2 items',
      byZod: 'expected array to have <=2 items',
    },
  ),
  mesh('without a range', { wireguardCIDRs: [] }, { byServer: 'should have at least 1 items', byZod: 'expected array to have >=1 items' }),
  mesh('with port 0', { port: 0 }, { byServer: 'should be greater than or equal to 1', byZod: 'expected number to be >=1' }),
  mesh(
    'with a port that leaves no room for planes',
    { port: 65529 },
    {
      byServer: 'should be less than or equal to 65528',
      byZod: 'expected number to be <=65528',
    },
  ),
  mesh('with a port in words', { port: '51820' }, { byServer: 'must be of type integer', byZod: 'expected number' }),
  mesh('with half a plane', { planes: 1.5 }, { byServer: 'must be of type integer', byZod: 'expected int' }),
  mesh('whose encapsulation is IPIP', { encapsulationType: 'ipip' }),
  mesh('with an encapsulation nobody has', { encapsulationType: 'gre' }, { byServer: 'Unsupported value', byZod: 'Invalid option' }),
  mesh('with an encapsulation nobody has', { encapsulation: 'sometimes' }, { byServer: 'Unsupported value', byZod: 'Invalid option' }),
  mesh('with every node for itself', { granularity: 'full' }),
  mesh('that is plain inside locations only', { granularity: 'cross' }),
  mesh('with a granularity nobody has', { granularity: 'region' }, { byServer: 'Unsupported value', byZod: 'Invalid option' }),
  mesh(
    'with an MTU below what IPv6 needs',
    { mtu: 1279 },
    {
      byServer: 'should be greater than or equal to 1280',
      byZod: 'expected number to be >=1280',
    },
  ),
  mesh('with CNI and nothing said of it', { cni: {} }),
  mesh(
    'with an idea of its own for other CNIs',
    { cni: { enabled: true, others: 'remove' } },
    { byServer: 'Unsupported value', byZod: 'Invalid option' },
  ),
  {
    ...mesh('with another name', {}, 'a cluster has one Mesh: name it default'),
    object: { apiVersion: 'kilofed.io/v1alpha1', kind: 'Mesh', metadata: { name: 'second' }, spec: {} },
  },
  {
    ...mesh('without a spec', {}, { byServer: 'spec: Required value', byZod: 'expected object' }),
    object: { apiVersion: 'kilofed.io/v1alpha1', kind: 'Mesh', metadata: { name: 'default' } },
  },

  // MeshNode
  meshNode('with the least', {}),
  meshNode('with everything', {
    endpoints: [
      { host: '203.0.113.7', port: 51820 },
      { host: 'fd00::7', port: 51820 },
      { host: 'gw-1.example.com', port: 1 },
    ],
    internalIPs: ['10.0.0.2/24', 'fd00::2/64'],
    podCIDRs: ['10.244.1.0/24', 'fd00:1::/64'],
    allowedLocationIPs: ['192.168.178.0/24', 'fd00:178::/64'],
    cniCompatibilityIP: '10.244.1.99',
    location: 'Rack 7, Zürich',
    gateway: 'preferred',
    persistentKeepalive: 25,
    observedEndpoints: [
      { publicKey: OTHER_KEY, plane: 1, host: '203.0.113.9', port: 41820 },
      { publicKey: OTHER_KEY, plane: 0, host: '2001:db8::9', port: 1 },
    ],
  }),
  meshNode(
    'that observes a gateway at a name',
    { observedEndpoints: [{ publicKey: OTHER_KEY, plane: 0, host: 'gw.example.com', port: 51820 }] },
    'must be an IP address',
  ),
  meshNode(
    'that observes a gateway on a plane that there cannot be',
    { observedEndpoints: [{ publicKey: OTHER_KEY, plane: 4, host: '203.0.113.9', port: 51820 }] },
    { byServer: 'should be less than or equal to 3', byZod: 'expected number to be <=3' },
  ),
  meshNode('with an internal address without prefix length', { internalIPs: ['10.0.0.2'] }, 'must be an address with its prefix length'),
  meshNode('with pod CIDRs with host bits', { podCIDRs: ['10.244.1.1/24'] }, HOST_BITS),
  meshNode('with allowed location IPs with host bits', { allowedLocationIPs: ['192.168.178.3/24'] }, HOST_BITS),
  meshNode('with an endpoint that is neither', { endpoints: [{ host: 'gw_1', port: 51820 }] }, 'must be an IP address or a DNS name'),
  meshNode('with an endpoint in brackets', { endpoints: [{ host: '[fd00::7]', port: 51820 }] }, 'must be an IP address or a DNS name'),
  meshNode(
    'with an endpoint without port',
    { endpoints: [{ host: '10.0.0.1' }] },
    { byServer: 'port: Required value', byZod: 'expected number' },
  ),
  meshNode(
    'with an endpoint on port 65536',
    { endpoints: [{ host: '10.0.0.1', port: 65536 }] },
    {
      byServer: 'should be less than or equal to 65535',
      byZod: 'expected number to be <=65535',
    },
  ),
  meshNode(
    'with a gateway preference that there is not',
    { gateway: 'always' },
    { byServer: 'Unsupported value', byZod: 'Invalid option' },
  ),
  meshNode('with a short key', { publicKey: 'AAAA' }, KEY_REFUSED),
  meshNode('with a key of 33 bytes', { publicKey: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' }, KEY_REFUSED),
  meshNode('with a key whose last digit is not canonical', { publicKey: `${KEY.slice(0, 42)}B=` }, KEY_REFUSED),
  meshNode('with a key in URL-safe base64', { publicKey: OTHER_KEY.replaceAll('/', '_') }, KEY_REFUSED),
  meshNode('with a key and a line end', { publicKey: `${KEY}\n` }, { byServer: 'Too long', byZod: KEY_REFUSED }),
  meshNode('without a key', { publicKey: undefined }, { byServer: 'publicKey: Required value', byZod: 'expected string' }),

  // NodePolicy
  nodePolicy('of nothing', []),
  nodePolicy('of a pod for all, and of the node for one', [
    { addresses: ['10.42.1.7', 'fd42:1::7'], ports: [{ protocol: 'TCP', port: 8080 }] },
    { addresses: ['10.0.0.2'], ports: [{ protocol: 'SCTP', port: 65535 }], members: ['west'] },
  ]),
  nodePolicy('with a protocol that Services do not have', [{ addresses: ['10.42.1.7'], ports: [{ protocol: 'ICMP', port: 1 }] }], {
    byServer: 'Unsupported value',
    byZod: 'Invalid option',
  }),
  nodePolicy('with a port that there is not', [{ addresses: ['10.42.1.7'], ports: [{ protocol: 'TCP', port: 0 }] }], {
    byServer: 'should be greater than or equal to 1',
    byZod: 'expected number to be >=1',
  }),

  // Peer: what Kilo's documentation and kgctl write
  peer("as in Kilo's VPN guide", { allowedIPs: ['10.5.0.1/32'], publicKey: OTHER_KEY, persistentKeepalive: 10 }),
  peer("as in Kilo's multi-cluster guide", {
    allowedIPs: ['10.43.0.0/16', '10.42.0.0/24', '10.4.0.1/32'],
    endpoint: { dnsOrIP: { ip: '203.0.113.7' }, port: 51820 },
    persistentKeepalive: 0,
    publicKey: OTHER_KEY,
  }),
  peer('with a preshared key', { presharedKey: OTHER_KEY }),
  peer('with nothing to route', { allowedIPs: [] }),
  peer('reached by DNS name', { endpoint: { dnsOrIP: { dns: 'vpn.example.com' }, port: 51820 } }),
  peer('reached by IPv6', { endpoint: { dnsOrIP: { ip: '2001:db8::1' }, port: 51820 } }),
  peer('with a DNS name and an address, of which the name wins', {
    endpoint: { dnsOrIP: { dns: 'vpn.example.com', ip: '203.0.113.7' }, port: 51820 },
  }),
  peer('with as many allowed IPs as there may be', {
    allowedIPs: Array.from({ length: 4096 }, (_, index) => `10.${index >> 8}.${index & 255}.0/24`),
  }),
  peer('with host bits in an allowed IP', { allowedIPs: ['10.5.0.1/24'] }, HOST_BITS),
  peer('with IPv6 host bits in an allowed IP', { allowedIPs: ['fd00::1/64'] }, HOST_BITS),
  peer('with an address for an allowed IP', { allowedIPs: ['10.5.0.1'] }, NO_CIDR),
  peer('with a zone in an allowed IP', { allowedIPs: ['fe80::1%eth0/128'] }, NO_CIDR),
  peer('with leading zeros in an allowed IP', { allowedIPs: ['10.05.0.0/16'] }, NO_CIDR),
  peer('with a leading zero in a prefix length', { allowedIPs: ['10.5.0.0/016'] }, NO_CIDR),
  peer('with a prefix length beyond the address', { allowedIPs: ['10.5.0.0/33'] }, NO_CIDR),
  peer('with a short IPv4 prefix', { allowedIPs: ['10.5/16'] }, NO_CIDR),
  peer('with IPv4 inside IPv6', { allowedIPs: ['::ffff:10.0.0.0/120'] }, NO_CIDR),
  peer('with an empty allowed IP', { allowedIPs: [''] }, NO_CIDR),
  peer('without allowed IPs', { allowedIPs: undefined }, { byServer: 'allowedIPs: Required value', byZod: 'expected array' }),
  peer('without a key', { publicKey: undefined }, { byServer: 'publicKey: Required value', byZod: 'expected string' }),
  peer('with an empty preshared key', { presharedKey: '' }, 'leave an optional key out instead of writing an empty one'),
  peer('with a preshared key of no length', { presharedKey: 'c2VjcmV0' }, KEY_REFUSED),
  peer('with a keepalive in nanoseconds, as kgctl prints it', { persistentKeepalive: 10_000_000_000 }, 'write 10 for 10000000000'),
  peer('with a negative keepalive', { persistentKeepalive: -1 }, 'is in seconds, 0 to 65535'),
  peer(
    'with the endpoint that kgctl prints for none',
    { endpoint: { dnsOrIP: { ip: '<nil>' }, port: 51820 } },
    'must be an IP address, such as',
  ),
  peer('with an endpoint that names nothing', { endpoint: { dnsOrIP: {}, port: 51820 } }, 'or leave out the whole endpoint'),
  peer(
    'with an empty DNS name',
    { endpoint: { dnsOrIP: { dns: '', ip: '203.0.113.7' }, port: 51820 } },
    'must be a DNS name in lower case',
  ),
  peer(
    'with a DNS name in capitals',
    { endpoint: { dnsOrIP: { dns: 'VPN.example.com' }, port: 51820 } },
    'must be a DNS name in lower case',
  ),
  peer(
    'with a DNS name for an address',
    { endpoint: { dnsOrIP: { ip: 'vpn.example.com' }, port: 51820 } },
    'must be an IP address, such as',
  ),
  peer('with a zone in its address', { endpoint: { dnsOrIP: { ip: 'fe80::1%eth0' }, port: 51820 } }, 'must be an IP address, such as'),
  peer(
    'with an endpoint without port',
    { endpoint: { dnsOrIP: { ip: '203.0.113.7' } } },
    { byServer: 'port: Required value', byZod: 'expected number' },
  ),
  peer(
    'with port 0',
    { endpoint: { dnsOrIP: { ip: '203.0.113.7' }, port: 0 } },
    {
      byServer: 'should be greater than or equal to 1',
      byZod: 'expected number to be >=1',
    },
  ),

  // Multi-Cluster Services API: it takes what mcs-api takes
  serviceExport('of the least', {}),
  serviceExport('of what may be exported', { spec: { exportedLabels: { a: 'b' }, exportedAnnotations: { 'example.com/c': 'd' } } }),
  serviceExport(
    'with a label that is a number',
    { spec: { exportedLabels: { a: 1 } } },
    { byServer: 'must be of type string', byZod: 'expected string' },
  ),
  serviceImport('of a cluster-set address', {
    type: 'ClusterSetIP',
    ips: ['10.96.7.7'],
    ipFamilies: ['IPv4'],
    ports: [{ name: 'http', protocol: 'TCP', port: 80, appProtocol: 'http' }],
    sessionAffinity: 'ClientIP',
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 10 } },
    internalTrafficPolicy: 'Cluster',
    trafficDistribution: 'PreferClose',
  }),
  serviceImport('without addresses', { type: 'Headless', ports: [] }),
  serviceImport('of a type nobody has', { type: 'LoadBalancer', ports: [] }, { byServer: 'Unsupported value', byZod: 'Invalid option' }),
  serviceImport(
    'with three addresses',
    { type: 'ClusterSetIP', ports: [], ips: ['a', 'b', 'c'] },
    {
      byServer: 'must have at most 2 items',
      byZod: 'expected array to have <=2 items',
    },
  ),
  serviceImport('without ports', { type: 'ClusterSetIP' }, { byServer: 'ports: Required value', byZod: 'expected array' }),
];

type Refusal = ObjectCase['refused'];

function refusal(refused: Refusal): Pick<ObjectCase, 'refused'> {
  return refused === undefined ? {} : { refused };
}

function mesh(title: string, spec: object, refused?: Refusal): ObjectCase {
  return {
    title: `Mesh ${title}`,
    resource: RESOURCE.mesh,
    schema: meshSchema,
    object: { apiVersion: 'kilofed.io/v1alpha1', kind: 'Mesh', metadata: { name: 'default' }, spec },
    ...refusal(refused),
  };
}

function meshNode(title: string, spec: object, refused?: Refusal): ObjectCase {
  return {
    title: `MeshNode ${title}`,
    resource: RESOURCE.meshNode,
    schema: meshNodeSchema,
    object: {
      apiVersion: 'kilofed.io/v1alpha1',
      kind: 'MeshNode',
      metadata: { name: 'a' },
      spec: { publicKey: KEY, endpoints: [], internalIPs: [], podCIDRs: [], ...spec },
    },
    ...refusal(refused),
  };
}

function nodePolicy(title: string, exported: readonly object[], refused?: Refusal): ObjectCase {
  return {
    title: `NodePolicy ${title}`,
    resource: RESOURCE.nodePolicy,
    schema: nodePolicySchema,
    object: { apiVersion: 'kilofed.io/v1alpha1', kind: 'NodePolicy', metadata: { name: 'a' }, spec: { exported } },
    ...refusal(refused),
  };
}

function peer(title: string, spec: object, refused?: Refusal): ObjectCase {
  return {
    title: `Peer ${title}`,
    resource: RESOURCE.peer,
    schema: peerSchema,
    object: {
      apiVersion: 'kilo.squat.ai/v1alpha1',
      kind: 'Peer',
      metadata: { name: 'a' },
      spec: { allowedIPs: ['10.5.0.1/32'], publicKey: KEY, ...spec },
    },
    ...refusal(refused),
  };
}

function serviceExport(title: string, rest: object, refused?: Refusal): ObjectCase {
  return {
    title: `ServiceExport ${title}`,
    resource: RESOURCE.serviceExport,
    schema: serviceExportSchema,
    object: {
      apiVersion: 'multicluster.x-k8s.io/v1beta1',
      kind: 'ServiceExport',
      metadata: { name: 'a', namespace: 'default' },
      ...rest,
    },
    ...refusal(refused),
  };
}

function serviceImport(title: string, spec: object, refused?: Refusal): ObjectCase {
  return {
    title: `ServiceImport ${title}`,
    resource: RESOURCE.serviceImport,
    schema: serviceImportSchema,
    object: {
      apiVersion: 'multicluster.x-k8s.io/v1beta1',
      kind: 'ServiceImport',
      metadata: { name: 'a', namespace: 'default' },
      spec,
    },
    ...refusal(refused),
  };
}
