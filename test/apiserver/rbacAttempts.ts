/**
 * Which account tries what, and whether it may: the table that the policies of the manifests are held to.
 */
import { RESOURCE, resourcePath } from '../../core/api/resources.js';
import type { Account } from './accounts.js';
import {
  event,
  gatewayReport,
  LABEL,
  lease,
  mcs,
  meshNode,
  nodePolicy,
  peer,
  PEER_LABELS,
  service,
  slice,
  type Some,
} from './rbacObjects.js';
import { apply, holding, merge, path, type Request } from './theft.js';

export const NODE_AGENT: Account = { namespace: 'kilofed', name: 'node-agent', node: 'a' };
export const CLUSTER_AGENT: Account = { namespace: 'kilofed', name: 'cluster-agent', node: 'a' };
export const HUB_AT_HOME: Account = { namespace: 'kilofed', name: 'hub', node: 'a' };
/** The token in its kubeconfig belongs to no pod. */
export const HUB_IN_MEMBER: Account = { namespace: 'kilofed', name: 'kilofed-hub' };

export interface Attempt {
  readonly title: string;
  readonly as: Account;
  readonly request: Request;
  /** Part of the refusal; absent: it is allowed. */
  readonly refused?: string;
}

const OWN_MESHNODE = 'a node-agent may write only the MeshNode of its own node';
const OWN_REPORT = 'a node-agent may write only the GatewayReport of its own node';

/** Of an endpoint that cannot be reached. */
const NOT_READY = { ready: false, serving: false };

export const ATTEMPTS: readonly Attempt[] = [
  // The node-agent
  attempt('a node-agent writes its own MeshNode', NODE_AGENT, apply(meshNode('a'))),
  attempt("a node-agent changes another node's MeshNode", NODE_AGENT, apply(meshNode('held')), OWN_MESHNODE),
  attempt("a node-agent writes another node's MeshNode", NODE_AGENT, apply(meshNode('b')), OWN_MESHNODE),
  attempt('a node-agent whose token belongs to no pod', { namespace: 'kilofed', name: 'node-agent' }, apply(meshNode('a')), OWN_MESHNODE),
  attempt(
    'a node-agent writes a status',
    NODE_AGENT,
    { method: 'PATCH', path: `${path(RESOURCE.meshNode, 'a')}/status`, body: meshNode('a') },
    'cannot patch resource "meshnodes/status"',
  ),
  attempt('a node-agent deletes its MeshNode', NODE_AGENT, { method: 'DELETE', path: path(RESOURCE.meshNode, 'a') }, 'cannot delete'),
  attempt(
    'a node-agent changes the Mesh',
    NODE_AGENT,
    apply({ apiVersion: 'kilofed.io/v1alpha1', kind: 'Mesh', metadata: { name: 'default' }, spec: {} }),
    'cannot patch',
  ),
  attempt('a node-agent reads where the API server is', NODE_AGENT, {
    method: 'GET',
    path: path(RESOURCE.endpointSlice, 'kubernetes', 'default'),
  }),
  attempt(
    'a node-agent reads where something else is',
    NODE_AGENT,
    { method: 'GET', path: path(RESOURCE.endpointSlice, 'other', 'default') },
    'cannot get resource "endpointslices"',
  ),
  attempt('a node-agent writes its own GatewayReport', NODE_AGENT, apply(gatewayReport('a'))),
  attempt('a node-agent whose node ends no tunnels deletes its GatewayReport', NODE_AGENT, {
    method: 'DELETE',
    path: path(RESOURCE.gatewayReport, 'a'),
  }),
  attempt("a node-agent writes another node's GatewayReport", NODE_AGENT, apply(gatewayReport('b')), OWN_REPORT),
  attempt(
    "a node-agent deletes another node's GatewayReport",
    NODE_AGENT,
    { method: 'DELETE', path: path(RESOURCE.gatewayReport, 'held') },
    OWN_REPORT,
  ),
  attempt(
    'a node-agent follows GatewayReports',
    NODE_AGENT,
    { method: 'GET', path: path(RESOURCE.gatewayReport, '').slice(0, -1) },
    'cannot list',
  ),
  attempt('the hub writes a GatewayReport', HUB_IN_MEMBER, apply(gatewayReport('a')), 'cannot patch resource "gatewayreports"'),
  attempt('a node-agent writes a Peer', NODE_AGENT, apply(peer('p', LABEL)), 'cannot patch'),

  attempt('M14: a node-agent opens its node to other members', NODE_AGENT, apply(nodePolicy('a')), 'cannot patch resource "nodepolicies"'),

  // The cluster-agent
  attempt('the cluster-agent says what other members may reach on a node', CLUSTER_AGENT, apply(nodePolicy('a'))),
  attempt('M14: the hub opens a node to other members', HUB_IN_MEMBER, apply(nodePolicy('a')), 'cannot patch resource "nodepolicies"'),
  attempt('the cluster-agent gives a node its place', CLUSTER_AGENT, {
    method: 'PATCH',
    path: `${path(RESOURCE.meshNode, 'held')}/status`,
    body: { ...meshNode('held'), spec: undefined, status: { slot: 0 } },
  }),
  attempt('the cluster-agent withholds the readiness of a mirror', CLUSTER_AGENT, apply(standIn({}))),
  attempt(
    'the cluster-agent changes an address of a mirror',
    CLUSTER_AGENT,
    apply(standIn({ endpoints: [{ addresses: ['10.50.0.8'], conditions: NOT_READY }] })),
    'the cluster-agent changes no addresses',
  ),
  attempt(
    'the cluster-agent adds an endpoint to a mirror',
    CLUSTER_AGENT,
    apply(standIn({ endpoints: ['10.50.0.7', '10.50.0.8'].map((address) => ({ addresses: [address], conditions: NOT_READY })) })),
    'the cluster-agent changes no addresses',
  ),
  attempt(
    'the cluster-agent changes a port of a mirror',
    CLUSTER_AGENT,
    apply(standIn({ ports: [{ port: 8080 }] })),
    'the cluster-agent changes no ports',
  ),
  attempt(
    'the cluster-agent gives a mirror to another member',
    CLUSTER_AGENT,
    apply(standIn({}, { 'kilofed.io/cluster': 'west' })),
    'and not their labels',
  ),
  attempt(
    'the cluster-agent changes the endpoints of a Service of this cluster',
    CLUSTER_AGENT,
    apply({ ...slice('demo', 'foreign'), metadata: { name: 'foreign-1', namespace: 'demo' } }),
    'the cluster-agent changes only EndpointSlices of the hub',
  ),
  attempt(
    'the cluster-agent makes an EndpointSlice',
    CLUSTER_AGENT,
    apply(slice('demo', 'own')),
    'cannot create resource "endpointslices"',
  ),
  attempt('the cluster-agent tells of a link', CLUSTER_AGENT, post(event('default'))),
  attempt('the cluster-agent tells in the name of others', CLUSTER_AGENT, post(event('kube-system')), 'cannot create resource "events"'),
  attempt('the cluster-agent writes a GatewayReport', CLUSTER_AGENT, apply(gatewayReport('a')), 'cannot patch resource "gatewayreports"'),
  attempt('the cluster-agent writes what an agent says of its node', CLUSTER_AGENT, apply(meshNode('held')), 'cannot patch'),

  // The hub in a member: its work. What it must not do: leakedKubeconfig.ts.
  may('the hub writes a Peer', apply(peer('p', PEER_LABELS))),
  may(
    'the hub writes the Peer of a member with public and IPv6 ranges, reached by a name',
    apply(
      peer('p', PEER_LABELS, {
        allowedIPs: ['10.50.0.0/16', '10.4.8.1/32', '10.77.1.13/32', '198.51.100.0/24', 'fd50::/48', '2001:db8:50::/64'],
        endpoint: { dnsOrIP: { dns: 'gate.example.org' }, port: 51820 },
      }),
    ),
  ),
  may('the hub writes the Peer of a member behind another port of the same address', apply(endingAt('10.0.0.12'))),
  may('the hub deletes a Peer of its own', { method: 'DELETE', path: path(RESOURCE.peer, 'own') }),
  may('the hub mirrors a Service', apply(service('demo', 'new', { labels: LABEL }))),
  may('the hub mirrors a headless Service', apply(service('demo', 'new', { labels: LABEL, spec: { clusterIP: 'None' } }))),
  may('the hub mirrors a Service beside one of the same name', apply(service('demo', 'derived-0123456789', { labels: LABEL }))),
  may('the hub mirrors into a namespace that asks for it', apply(service('openshift-apps', 'new', { labels: LABEL }))),
  may('the hub mirrors into the namespace that everybody begins in', apply(service('default', 'new', { labels: LABEL }))),
  may('the hub mirrors an EndpointSlice', apply(slice('demo', 'own'))),
  may('the hub mirrors an EndpointSlice of IPv6', apply(slice('demo', 'own', { addresses: ['fd50::7', '2001:db8:50::7'] }))),
  may('the hub mirrors into a namespace that imports from that member', apply(slice('two', 'new'))),
  may(
    "the hub repeats the cluster's own endpoints in a namespace that imports from others",
    apply(slice('choosy', 'web', { labels: { 'kubernetes.io/service-name': 'derived-0123456789' }, addresses: ['10.42.1.9'] })),
  ),
  may(
    'the hub mirrors host names of endpoints into a namespace that asks for them',
    apply({ ...slice('named', 'new'), endpoints: [{ addresses: ['10.50.0.7'], hostname: 'db-0' }] }),
  ),
  may('the hub mirrors an EndpointSlice without endpoints', apply({ ...slice('demo', 'own'), endpoints: [] })),
  may(
    "the hub repeats the cluster's own endpoints beside the Service of the same name",
    apply(
      slice('demo', 'foreign', { labels: { 'kubernetes.io/service-name': 'derived-0123456789' }, addresses: ['10.42.1.9', '10.0.0.11'] }),
    ),
  ),
  may('the hub removes an EndpointSlice', { method: 'DELETE', path: path(RESOURCE.endpointSlice, 'own-east', 'demo') }),
  may('the hub removes a Service from a namespace that has closed', { method: 'DELETE', path: path(RESOURCE.service, 'before', 'closed') }),
  may('the hub says how an export stands', apply(mcs('ServiceExport', 'own-export', LABEL))),
  may('the hub says how an export of a namespace that imports nothing stands', apply(mcs('ServiceExport', 'new', LABEL, 'closed'))),
  may(
    'the hub says how an export of a namespace that others import only on demand stands',
    apply(mcs('ServiceExport', 'new', LABEL, 'kube-apps')),
  ),
  may('the hub writes the status of an export', {
    method: 'PATCH',
    path: `${path(RESOURCE.serviceExport, 'own-export', 'demo')}/status`,
    body: { ...mcs('ServiceExport', 'own-export'), status: { conditions: [] } },
  }),
  may("the hub writes the status of somebody's export", {
    method: 'PATCH',
    path: `${path(RESOURCE.serviceExport, 'foreign-export', 'demo')}/status`,
    body: { ...mcs('ServiceExport', 'foreign-export'), status: { conditions: [] } },
  }),
  may('the hub imports', apply(mcs('ServiceImport', 'own-export', LABEL))),

  may('the hub says that it is the one that writes here', holding(lease('kilofed-hub'))),

  // The hub at home: its work. What it must not do: hubAtHome.ts.
  attempt('the hub renews the token in the kubeconfig of a member', HUB_AT_HOME, renewed({ kubeconfig: 'bmV3' })),
];

function may(title: string, request: Request): Attempt {
  return attempt(title, HUB_IN_MEMBER, request);
}

function attempt(title: string, as: Account, request: Request, refused?: string): Attempt {
  return { title, as, request, ...(refused === undefined ? {} : { refused }) };
}

/** The standing mirror as a cluster-agent writes it while the hub is away. */
function standIn(more: object, labels: Readonly<Record<string, string>> = {}): Some {
  return {
    ...slice('demo', 'own', { name: 'own-east', labels }),
    endpoints: [{ addresses: ['10.50.0.7'], conditions: NOT_READY }],
    ...more,
  };
}

function post(object: ReturnType<typeof event>): Request {
  return { method: 'POST', path: resourcePath(RESOURCE.event, object.metadata.namespace), body: object };
}

function endingAt(ip: string): ReturnType<typeof peer> {
  return peer('p', PEER_LABELS, { endpoint: { dnsOrIP: { ip }, port: 51830 } });
}

function renewed(data: Readonly<Record<string, string>>): Request {
  return merge(RESOURCE.secret, 'member-west', { data }, 'kilofed');
}
