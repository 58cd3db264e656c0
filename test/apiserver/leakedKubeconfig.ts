/**
 * The leaked kubeconfig: everything that somebody tries in a member with the hub's account there. The cluster has pods in
 * 10.42.0.0/16, Services in 10.96.0.0/16, mesh addresses in 10.4.9.0/24, and nodes 10.0.0.11 and 10.0.0.12.
 */
import { RESOURCE, resourcePath } from '../../core/api/resources.js';
import { LABEL, lease, mcs, meshNode, peer, PEER_LABELS, service, slice, type Some } from './rbacObjects.js';
import { apply, applyStatus, holding, merge, read, remove, type Request, type Theft, theft } from './theft.js';

const OWN = 'the hub may only write objects that carry its label';
/** Where several policies refuse, one of them says so. */
const DENIED = 'denied request: ';
const SYSTEM = 'the hub mirrors nothing into namespaces of the system';
const CLOSED = 'denied request: this namespace ';
const PLAIN = 'the hub may only write Services of type ClusterIP without selector and externalIPs';
const NAMED = 'names its cluster, its exported Service';
const JOINS = 'the hub may add endpoints only to Services of its own';
const TOKENS = 'are bound to Secret kilofed-hub-tokens';
/** Seconds. */
const MONTH = 31 * 86_400;
const DERIVED = 'derived-0123456789';
/** What RBAC says. */
const CANNOT = 'cannot';
const ADMISSION = '/apis/admissionregistration.k8s.io/v1';

/** As the hub takes its marks off, and perhaps more. */
function unmark(
  name: string,
  more: { readonly labels?: object; readonly annotations?: object; readonly finalizers?: readonly string[] } = {},
): Request {
  const labels = { 'kilofed.io/managed-by': null, ...more.labels };
  const annotations = { 'kilofed.io/hash': null, 'kilofed.io/source': null, ...more.annotations };
  return merge(RESOURCE.service, name, { metadata: { ...more, labels, annotations } }, 'demo');
}

function told(reportingController: string): Request {
  const regarding = { apiVersion: 'v1', kind: 'Service', name: 'foreign', namespace: 'demo' };
  const rest = { type: 'Normal', reason: 'X', action: 'X', note: 'x', reportingInstance: 'x', eventTime: '2026-01-01T00:00:00.000000Z' };
  const event = { apiVersion: 'events.k8s.io/v1', kind: 'Event', metadata: { name: 'x', namespace: 'demo' }, reportingController };
  return { method: 'POST', path: resourcePath(RESOURCE.event, 'demo'), body: { ...event, regarding, ...rest } };
}

function takeOver(name: string): Request {
  const metadata = { labels: LABEL, annotations: { 'kilofed.io/hand-over': 'done' } };
  return merge(RESOURCE.service, name, { metadata, spec: { selector: null } }, 'demo');
}

const PEERS: readonly Theft[] = [
  theft('add a Peer with the prefix of somebody outside of the cluster, a public one too', apply(taking('8.8.8.8/32'))),
  theft('delete Peers of the hub', remove(RESOURCE.peer, 'own')),
  theft('write a Peer without the label', apply(peer('p')), DENIED),
  theft('write a Peer of no cluster', apply(peer('p', LABEL)), 'a Peer of the hub names its cluster'),
  theft("take over somebody's Peer", apply(peer('laptop', PEER_LABELS)), OWN),
  theft("delete somebody's Peer", remove(RESOURCE.peer, 'laptop'), OWN),
  theft('give a Peer away', merge(RESOURCE.peer, 'own', { metadata: { labels: { 'kilofed.io/managed-by': null } } }), OWN),
  theft('write the status of a Peer', applyStatus(peer('own', PEER_LABELS)), CANNOT),
  ...each(
    'take',
    ['0.0.0.0/0', '0.0.0.0/1', '128.0.0.0/1', '64.0.0.0/3', '10.0.0.0/7', '::/0', '2000::/3', 'fc00::/7', 'fd00::/31'],
    taking,
    'shorter than',
  ),
  ...each(
    'take',
    ['127.0.0.0/8', '127.0.0.1/32', '169.254.169.254/32', '224.0.0.0/8', '240.0.0.1/32', '0.0.0.1/32'],
    taking,
    'special range',
  ),
  ...each('take', ['::1/128', 'fe80::/64', 'ff02::/32'], taking, 'special range'),
  ...each('take', ['::ffff:10.42.0.0/112', '10.42.0.9', 'everything'], taking, 'must be a CIDR'),
  ...each('take', ['10.42.0.0/16', '10.42.7.0/24', '10.42.1.9/32', 'fd42::/64'], taking, 'touches no pod range of this cluster'),
  ...each(
    'take',
    ['10.96.0.0/16', '10.96.0.10/32', '10.4.9.0/24', '10.4.9.7/32'],
    taking,
    "none of this cluster's Service and mesh ranges",
  ),
  ...each('take', ['10.0.0.11/32', '10.0.0.0/24', '10.0.0.8/29'], taking, 'covers no node of this cluster'),
  ...each(
    'have a tunnel end at',
    ['127.0.0.1', '169.254.169.254', '0.0.0.1', '10.42.1.9', '10.96.0.10', '10.4.9.1', 'ff02::1', '::1'],
    endingAt,
    'no special address',
  ),
  theft('write a Peer with a malformed key', apply(peer('p', PEER_LABELS, { publicKey: 'x' })), 'must be a WireGuard key'),
  theft(
    'write a Peer with a preshared key',
    apply(peer('p', PEER_LABELS, { presharedKey: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=' })),
    'no preshared one',
  ),
];

const SERVICES: readonly Theft[] = [
  theft(
    'add Services under names that are free, in namespaces that are open, as many as a ResourceQuota allows',
    apply(service('demo', 'new', { labels: LABEL })),
  ),
  theft('delete Services of the hub, and their EndpointSlices', remove(RESOURCE.service, 'own', 'demo')),
  theft('write a Service without the label', apply(service('demo', 'new')), OWN),
  theft("take over somebody's Service", apply(service('demo', 'foreign', { labels: LABEL })), OWN),
  theft("delete somebody's Service", remove(RESOURCE.service, 'foreign', 'demo'), OWN),
  theft(
    "change the API server's Service",
    merge(RESOURCE.service, 'kubernetes', { spec: { sessionAffinity: 'ClientIP' } }, 'default'),
    OWN,
  ),
  theft(
    'delete all Services of a namespace',
    { method: 'DELETE', path: resourcePath(RESOURCE.service, 'demo') },
    'cannot deletecollection',
  ),
  theft('write the status of a Service', applyStatus(service('demo', 'own', { labels: LABEL })), CANNOT),
  // Somebody has put these in the place of mirrors.
  theft("take the hub's marks off a Service that somebody has put in the place of a mirror", unmark('taken')),
  theft(
    'add endpoints to a Service that somebody has put in the place of a mirror, until the hub has taken its marks off',
    apply(slice('demo', 'taken')),
  ),
  theft('make a mirror of a Service whose owner hands it over', takeOver('offered')),
  theft('make a mirror of a Service whose owner does not hand it over', takeOver('foreign'), OWN),
  theft(
    'take over a Service and leave it its selector',
    merge(RESOURCE.service, 'offered', { metadata: { labels: LABEL } }, 'demo'),
    PLAIN,
  ),
  theft('delete a Service that is to be handed over', remove(RESOURCE.service, 'offered', 'demo'), OWN),
  ...['taken', 'opened', 'declared'].flatMap((name) => [
    theft(`change the Service ${name}`, merge(RESOURCE.service, name, { spec: { sessionAffinity: 'ClientIP' } }, 'demo'), DENIED),
    theft(`delete the Service ${name}`, remove(RESOURCE.service, name, 'demo'), OWN),
    theft(
      `make the Service ${name} a mirror again`,
      merge(RESOURCE.service, name, { spec: { selector: null, type: 'ClusterIP' } }, 'demo'),
      OWN,
    ),
  ]),
  theft('take more off it: its own label', unmark('taken', { labels: { team: null } }), OWN),
  theft('take more off it: its own annotation', unmark('taken', { annotations: { note: null } }), OWN),
  theft(
    'take only some of the marks off it',
    merge(RESOURCE.service, 'taken', { metadata: { labels: { 'kilofed.io/managed-by': null } } }, 'demo'),
    OWN,
  ),
  theft('add an annotation to it', unmark('taken', { annotations: { 'kilofed.io/export': 'true' } }), OWN),
  theft('add a finalizer to it', unmark('taken', { finalizers: ['example.com/x'] }), OWN),
  theft(
    'lead it elsewhere',
    { ...unmark('taken'), body: { ...(unmark('taken').body as object), spec: { selector: { app: 'evil' } } } },
    OWN,
  ),
  theft('write Events in the name of the hub', told('kilofed.io/hub')),
  theft('write Events in the name of the kubelet', told('kubelet'), 'an Event of the hub says that the hub reports it'),
  theft('delete a ServiceImport that somebody has made theirs', remove(RESOURCE.serviceImport, 'declared', 'demo'), OWN),
  ...into('mirror a Service into', (namespace) => service(namespace, 'new', { labels: LABEL })),
  ...(
    [
      ['take pods of the cluster', { selector: { app: 'web' } }],
      ['take an outside address', { externalIPs: ['203.0.113.7'] }],
      ['open a port of the nodes', { type: 'NodePort' }],
      ['ask for a load balancer', { type: 'LoadBalancer' }],
      ['name an outside host', { type: 'ExternalName', externalName: 'example.com' }],
    ] as const
  ).map(([title, spec]) => theft(title, apply(service('demo', 'new', { labels: LABEL, spec })), PLAIN)),
  theft(
    'have another controller publish a Service',
    apply(service('demo', 'new', { labels: LABEL, annotations: { 'external-dns.alpha.kubernetes.io/hostname': 'bank.example' } })),
    'the hub may only write annotations of its own on Services',
  ),
];

const SLICES: readonly Theft[] = [
  theft('lead Services of the hub to any address outside of the cluster', apply(slice('demo', 'own', { addresses: ['203.0.113.66'] }))),
  theft(
    'lead a Service derived-..., which only the hub makes, to any pod or node of the cluster',
    apply(slice('demo', 'web', { labels: { 'kubernetes.io/service-name': DERIVED }, addresses: ['10.42.1.9', '10.0.0.11'] })),
  ),
  theft('leave endpoints for a name before somebody makes a Service of it', apply(slice('demo', 'not-there-yet'))),
  theft('add endpoints to a Service whose owner lets its name reach other members', apply(slice('demo', 'consenting'))),
  theft("add endpoints to somebody's Service", apply(slice('demo', 'foreign')), JOINS),
  theft('add endpoints to a Service whose owner writes what is no consent', apply(slice('demo', 'misspelt')), JOINS),
  theft("add endpoints to somebody's headless Service", apply(slice('demo', 'headless')), JOINS),
  theft(
    "add endpoints to somebody's Service by changing a slice",
    merge(
      RESOURCE.endpointSlice,
      'own-east',
      { metadata: { labels: { 'kubernetes.io/service-name': 'foreign', 'multicluster.kubernetes.io/service-name': 'foreign' } } },
      'demo',
    ),
    JOINS,
  ),
  theft('add endpoints to the API server', apply(slice('default', 'kubernetes')), 'the hub may'),
  theft(
    "change the API server's EndpointSlice",
    merge(RESOURCE.endpointSlice, 'kubernetes', { metadata: { labels: LABEL }, endpoints: [] }, 'default'),
    DENIED,
  ),
  theft("change somebody's EndpointSlice", merge(RESOURCE.endpointSlice, 'foreign-1', { metadata: { labels: LABEL } }, 'demo'), DENIED),
  theft("delete somebody's EndpointSlice", remove(RESOURCE.endpointSlice, 'foreign-1', 'demo'), OWN),
  theft('write an EndpointSlice without the label', apply(slice('demo', 'own', { labels: { 'kilofed.io/managed-by': undefined } })), OWN),
  ...(
    [
      'kilofed.io/cluster',
      'multicluster.kubernetes.io/source-cluster',
      'multicluster.kubernetes.io/service-name',
      'kubernetes.io/service-name',
      'endpointslice.kubernetes.io/managed-by',
    ] as const
  ).flatMap((label) => [
    theft(`write an EndpointSlice without ${label}`, apply(slice('demo', 'own', { labels: { [label]: undefined } })), NAMED),
    theft(`write an EndpointSlice with an empty ${label}`, apply(slice('demo', 'own', { labels: { [label]: '' } })), NAMED),
  ]),
  theft(
    "pass an EndpointSlice off as kube-controller-manager's",
    apply(slice('demo', 'own', { labels: { 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io' } })),
    NAMED,
  ),
  theft(
    'write an EndpointSlice of another export',
    apply(slice('demo', 'own', { labels: { 'kubernetes.io/service-name': 'other' } })),
    NAMED,
  ),
  theft('mirror a member into a namespace that imports from another', apply(slice('choosy', 'new')), 'does not import from that member'),
  theft("give endpoints host names, which become DNS names in the Service's domain", apply(named('demo')), 'host names'),
  ...into('mirror an EndpointSlice into', (namespace) => slice(namespace, 'new')),
  ...each(
    'lead a Service to',
    ['127.0.0.1', '169.254.169.254', '239.1.1.1', '240.0.0.1', '255.255.255.255', '0.0.0.1', '::1', 'fe80::1'],
    leadingTo,
    '',
  ),
  ...each('lead a Service to', ['::ffff:10.50.0.7', '::', 'ff0e::1'], leadingTo, ''),
  ...each('lead a Service to', ['10.42.1.9', '10.42.255.255', 'fd42::9'], leadingTo, 'no pod of this cluster'),
  ...each('lead a Service to', ['10.96.0.10', '10.96.0.1', '10.4.9.1'], leadingTo, "none of this cluster's Service and mesh ranges"),
  ...each('lead a Service to', ['10.0.0.11', 'fd00::11'], leadingTo, 'no node of this cluster'),
  ...each('lead a derived Service to', ['10.96.0.10', '10.4.9.1'], derivedLeadingTo, "none of this cluster's Service and mesh ranges"),
  theft(
    'lead a Service to one address of many that is not allowed',
    apply(slice('demo', 'own', { addresses: [...many(99), '10.42.1.9'] })),
    'no pod',
  ),
  theft(
    'lead a Service to a name',
    apply(slice('demo', 'own', { addressType: 'FQDN', addresses: ['bank.example'] })),
    'other special address',
  ),
  theft('keep a namespace from being deleted', apply(keeping({ finalizers: ['example.com/never'] })), 'no finalizers and no owners'),
  theft(
    'have an object deleted with somebody else',
    apply(keeping({ ownerReferences: [{ apiVersion: 'v1', kind: 'Service', name: 'foreign', uid: 'x', blockOwnerDeletion: true }] })),
    'no finalizers and no owners',
  ),
];

const EXPORTS: readonly Theft[] = [
  theft(
    'say of Services what becomes of their export',
    applyStatus({ ...mcs('ServiceExport', 'foreign-export'), status: { conditions: [] } }),
  ),
  theft('add and delete ServiceImports and ServiceExports of the hub', apply(mcs('ServiceImport', 'own-export', LABEL))),
  theft("change somebody's export", apply(mcs('ServiceExport', 'foreign-export', LABEL)), OWN),
  theft("delete somebody's export", remove(RESOURCE.serviceExport, 'foreign-export', 'demo'), OWN),
  theft(
    "write the status of somebody's export in a namespace of the system",
    applyStatus({ ...mcs('ServiceExport', 'foreign-export', {}, 'kube-public'), status: { conditions: [] } }),
    SYSTEM,
  ),
  theft("write the status of somebody's import", applyStatus({ ...mcs('ServiceImport', 'foreign-import'), status: {} }), OWN),
  theft("take over somebody's import", apply(mcs('ServiceImport', 'foreign-import', LABEL)), OWN),
  theft("delete somebody's import", remove(RESOURCE.serviceImport, 'foreign-import', 'demo'), OWN),
  ...into('import into', (namespace) => mcs('ServiceImport', 'new', LABEL, namespace)),
  ...['kube-system', 'kube-public', 'kube-node-lease', 'kilofed'].map((namespace) =>
    theft(`export from ${namespace}`, apply(mcs('ServiceExport', 'new', LABEL, namespace)), SYSTEM),
  ),
];

const ACCOUNT: readonly Theft[] = [
  theft(
    'make more tokens, until Secret kilofed-hub-tokens is deleted',
    token('kilofed-hub', { expirationSeconds: MONTH, boundObjectRef: bound('kilofed-hub-tokens') }),
  ),
  theft(
    'make a token for longer',
    token('kilofed-hub', { expirationSeconds: MONTH + 1, boundObjectRef: bound('kilofed-hub-tokens') }),
    TOKENS,
  ),
  theft('make a token that outlives the Secret', token('kilofed-hub', { expirationSeconds: 3_600 }), TOKENS),
  theft('make a token of another Secret', token('kilofed-hub', { expirationSeconds: 3_600, boundObjectRef: bound('other') }), TOKENS),
  theft(
    'make a token of a pod',
    token('kilofed-hub', { expirationSeconds: 3_600, boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'kilofed-hub-tokens' } }),
    TOKENS,
  ),
  theft(
    'make a token of another account',
    token('cluster-agent', { expirationSeconds: 3_600, boundObjectRef: bound('kilofed-hub-tokens') }),
    CANNOT,
  ),
  theft('keep the hub from writing, by holding its Lease', holding(lease('kilofed-hub'))),
  theft('hold a Lease of another program', holding(lease('other')), CANNOT),
  theft('hold a Lease of another namespace', holding(lease('kilofed-hub', 'kube-system')), CANNOT),
  theft(
    'create a Lease under a name that the rights do not see',
    { method: 'POST', path: resourcePath(RESOURCE.lease, 'kilofed'), body: lease('kilofed-hub') },
    CANNOT,
  ),
  theft("delete the hub's Lease", remove(RESOURCE.lease, 'kilofed-hub', 'kilofed'), CANNOT),
  theft('read the Leases of the namespace', read(resourcePath(RESOURCE.lease, 'kilofed')), CANNOT),
  theft('read the Secrets of the namespace', read(resourcePath(RESOURCE.secret, 'kilofed')), CANNOT),
  theft('read all Secrets', read(resourcePath(RESOURCE.secret)), CANNOT),
  theft('delete the Secret that ends its tokens', remove(RESOURCE.secret, 'kilofed-hub-tokens', 'kilofed'), CANNOT),
  theft('read pods', read('/api/v1/pods'), CANNOT),
  theft('read nodes', read(resourcePath(RESOURCE.node)), CANNOT),
  theft('change the policies', { method: 'DELETE', path: `${ADMISSION}/validatingadmissionpolicies/kilofed-hub-slices` }, CANNOT),
  theft('unbind a policy', { method: 'DELETE', path: `${ADMISSION}/validatingadmissionpolicybindings/kilofed-hub-slices` }, CANNOT),
  theft('change the Mesh, which the policies go by', apply(mesh({ wireguardCIDRs: ['10.4.9.0/24'] })), CANNOT),
  theft('write a MeshNode', apply(meshNode('a')), CANNOT),
  theft('delete a MeshNode', remove(RESOURCE.meshNode, 'held'), CANNOT),
  theft('open a namespace', merge(RESOURCE.namespace, 'closed', { metadata: { labels: { 'kilofed.io/import': 'all' } } }), CANNOT),
  theft('make a namespace', apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'new' } }), CANNOT),
  theft('make an account', { method: 'POST', path: '/api/v1/namespaces/demo/serviceaccounts', body: account('x') }, CANNOT),
];

const READS: readonly Theft[] = [
  theft('read all Services and EndpointSlices', read(resourcePath(RESOURCE.endpointSlice))),
  theft('read all Namespaces', read(resourcePath(RESOURCE.namespace))),
  theft('read the Mesh, all MeshNodes and all GatewayReports', read(resourcePath(RESOURCE.gatewayReport))),
  theft('read all Peers, with the preshared keys of people', read(resourcePath(RESOURCE.peer))),
  theft('read all ServiceExports and ServiceImports', read(resourcePath(RESOURCE.serviceImport))),
];

/** By the finding that they belong to. */
export const LEAKED_KUBECONFIG = {
  H6: [...SERVICES, ...SLICES, ...PEERS],
  L4: EXPORTS,
  M13: [...ACCOUNT, ...READS],
} as const satisfies Readonly<Record<string, readonly Theft[]>>;

/** What is refused, too, where the Mesh names what other members may have: 10.50.0.0/16 and fd50::/48. */
export const NARROWED: readonly Theft[] = [
  ...each(
    'take',
    ['8.8.8.8/32', '10.51.0.0/24', '10.48.0.0/14', 'fd51::/64', '2001:db8::/64'],
    taking,
    'lies in what the Mesh allows other members',
  ),
  ...each('lead a Service to', ['203.0.113.66', '10.51.0.7', 'fd51::7'], leadingTo, 'lies in what the Mesh allows other members'),
];

function each(verb: string, what: readonly string[], object: (one: string) => Some, refused: string): Theft[] {
  return what.map((one) => theft(`${verb} ${one}`, apply(object(one)), refused));
}

function into(verb: string, object: (namespace: string) => Some): Theft[] {
  return (
    [
      ['kube-system', SYSTEM],
      ['kube-public', SYSTEM],
      ['kube-node-lease', SYSTEM],
      ['kilofed', SYSTEM],
      ['openshift-ingress', SYSTEM],
      ['kube-apps', SYSTEM],
      ['closed', CLOSED],
      ['misspelt', CLOSED],
    ] as const
  ).map(([namespace, refused]) => theft(`${verb} ${namespace}`, apply(object(namespace)), refused));
}

function taking(prefix: string): Some {
  return peer('p', PEER_LABELS, { allowedIPs: ['10.50.0.0/24', prefix] });
}

function endingAt(address: string): Some {
  return peer('p', PEER_LABELS, { endpoint: { dnsOrIP: { ip: address }, port: 51820 } });
}

function leadingTo(address: string): Some {
  return slice('demo', 'own', { addresses: [address] });
}

function derivedLeadingTo(address: string): Some {
  return slice('demo', 'web', { labels: { 'kubernetes.io/service-name': DERIVED }, addresses: [address] });
}

function named(namespace: string): Some {
  return { ...slice(namespace, 'own'), endpoints: [{ addresses: ['10.50.0.7'], hostname: 'github' }] };
}

function many(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `10.50.0.${index + 1}`);
}

function token(name: string, spec: object): Request {
  return {
    method: 'POST',
    path: `/api/v1/namespaces/kilofed/serviceaccounts/${name}/token`,
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec },
  };
}

function bound(name: string): object {
  return { kind: 'Secret', apiVersion: 'v1', name };
}

function mesh(spec: object): Some {
  return { apiVersion: 'kilofed.io/v1alpha1', kind: 'Mesh', metadata: { name: 'default' }, spec };
}

function account(name: string): object {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name } };
}

function keeping(metadata: object): Some {
  const plain = service('demo', 'new', { labels: LABEL });
  return { ...plain, metadata: { ...plain.metadata, ...metadata } };
}
