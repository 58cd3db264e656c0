/**
 * The stolen node token: everything that somebody tries with the token of the node-agent's pod on node `a`. What is believed of such
 * a MeshNode: clusterAgent.test.ts.
 */
import { RESOURCE, resourcePath } from '../../core/api/resources.js';
import { gatewayReport, LABEL, meshNode, peer } from './rbacObjects.js';
import { apply, merge, path, read, type Theft, theft, written } from './theft.js';

const OWN_MESHNODE = 'a node-agent may write only the MeshNode of its own node';
const OWN_REPORT = 'a node-agent may write only the GatewayReport of its own node';

export const STOLEN_NODE_TOKEN: readonly Theft[] = [
  theft("write the spec of its own node's MeshNode", apply(meshNode('a'))),
  theft("write and delete its own node's GatewayReport", apply(gatewayReport('a'))),
  theft('read the Mesh and all MeshNodes', read(resourcePath(RESOURCE.meshNode))),
  theft('read all NodePolicies', read(resourcePath(RESOURCE.nodePolicy))),
  theft('read all Peers, with their preshared keys', read(resourcePath(RESOURCE.peer))),
  theft('read the GatewayReport of each node', read(path(RESOURCE.gatewayReport, 'held'))),
  theft('read all Nodes', read(resourcePath(RESOURCE.node))),
  theft('read where the API server is', read(path(RESOURCE.endpointSlice, 'kubernetes', 'default'))),
  ...[RESOURCE.secret, RESOURCE.pod, RESOURCE.service, RESOURCE.endpointSlice, RESOURCE.namespace, RESOURCE.serviceExport].map((resource) =>
    theft(`read all ${resource.plural}`, read(resourcePath(resource)), 'cannot list'),
  ),
  theft("read the hub's Secret", read(path(RESOURCE.secret, 'kilofed-hub-tokens', 'kilofed')), 'cannot get'),
  theft("make a token of the hub's account", tokenOf('kilofed-hub'), 'serviceaccounts/token'),
  theft('make another token of its own', tokenOf('node-agent'), 'serviceaccounts/token'),

  {
    title: 'create a MeshNode',
    request: { method: 'POST', path: resourcePath(RESOURCE.meshNode), body: meshNode('b') },
    refused: OWN_MESHNODE,
  },
  { title: 'apply a MeshNode', request: apply(meshNode('b')), refused: OWN_MESHNODE },
  { title: 'change a MeshNode by apply', request: apply(meshNode('held')), refused: OWN_MESHNODE },
  {
    title: 'change a MeshNode by merge',
    request: merge(RESOURCE.meshNode, 'held', { spec: { podCIDRs: ['10.0.0.0/24'] } }),
    refused: OWN_MESHNODE,
  },
  {
    title: 'give a MeshNode another owner',
    request: merge(RESOURCE.meshNode, 'held', { metadata: { ownerReferences: [] } }),
    refused: OWN_MESHNODE,
  },
  {
    title: 'update a MeshNode',
    request: { method: 'PUT', path: path(RESOURCE.meshNode, 'held'), body: meshNode('held') },
    refused: 'cannot update resource "meshnodes"',
  },
  {
    title: 'delete a MeshNode',
    request: { method: 'DELETE', path: path(RESOURCE.meshNode, 'held') },
    refused: 'cannot delete resource "meshnodes"',
  },
  {
    title: 'delete all MeshNodes',
    request: { method: 'DELETE', path: resourcePath(RESOURCE.meshNode) },
    refused: 'cannot deletecollection resource "meshnodes"',
  },
  {
    title: 'create a GatewayReport',
    request: { method: 'POST', path: resourcePath(RESOURCE.gatewayReport), body: gatewayReport('b') },
    refused: OWN_REPORT,
  },
  { title: 'apply a GatewayReport', request: apply(gatewayReport('b')), refused: OWN_REPORT },
  { title: 'say that the tunnels of another gateway work', request: apply(gatewayReport('held')), refused: OWN_REPORT },
  {
    title: 'say by merge that the tunnels of another gateway work',
    request: merge(RESOURCE.gatewayReport, 'held', { spec: { links: [] } }),
    refused: OWN_REPORT,
  },
  {
    title: 'give a GatewayReport another owner',
    request: merge(RESOURCE.gatewayReport, 'held', { metadata: { ownerReferences: [] } }),
    refused: OWN_REPORT,
  },
  {
    title: 'update a GatewayReport',
    request: { method: 'PUT', path: path(RESOURCE.gatewayReport, 'held'), body: gatewayReport('held') },
    refused: 'cannot update resource "gatewayreports"',
  },
  { title: 'delete a GatewayReport', request: { method: 'DELETE', path: path(RESOURCE.gatewayReport, 'held') }, refused: OWN_REPORT },
  {
    title: 'delete all GatewayReports',
    request: { method: 'DELETE', path: resourcePath(RESOURCE.gatewayReport) },
    refused: 'cannot deletecollection resource "gatewayreports"',
  },
  theft('follow all GatewayReports', read(resourcePath(RESOURCE.gatewayReport)), 'cannot list'),
  {
    title: 'move a slot',
    request: { method: 'PATCH', path: `${path(RESOURCE.meshNode, 'held')}/status`, body: { ...meshNode('held'), status: { slot: 0 } } },
    refused: 'meshnodes',
  },
  {
    title: "verify its own node's claims",
    request: {
      method: 'PATCH',
      path: `${path(RESOURCE.meshNode, 'a')}/status`,
      body: { ...meshNode('a'), status: { verified: { location: '', podCIDRs: ['10.0.0.0/24'], internalIPs: [], endpoints: [] } } },
    },
    refused: 'meshnodes',
  },
  {
    title: 'update a status',
    request: { method: 'PUT', path: `${path(RESOURCE.meshNode, 'held')}/status`, body: { ...meshNode('held'), status: { slot: 0 } } },
    refused: 'meshnodes',
  },
  ...(['POST', 'PATCH', 'PUT', 'DELETE'] as const).flatMap((method) => [
    { title: `${method} a Peer`, request: written(method, RESOURCE.peer, peer('laptop', LABEL)), refused: 'resource "peers"' },
    {
      title: `${method} the Mesh`,
      request: written(method, RESOURCE.mesh, { apiVersion: 'kilofed.io/v1alpha1', kind: 'Mesh', metadata: { name: 'default' }, spec: {} }),
      refused: 'resource "meshes"',
    },
    {
      title: `${method} a Node`,
      request: written(method, RESOURCE.node, {
        apiVersion: 'v1',
        kind: 'Node',
        metadata: { name: 'a', annotations: { 'kilo.squat.ai/location': 'elsewhere' } },
      }),
      refused: 'resource "nodes"',
    },
  ]),
];

function tokenOf(account: string): Theft['request'] {
  return {
    method: 'POST',
    path: `/api/v1/namespaces/kilofed/serviceaccounts/${account}/token`,
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
  };
}
