/**
 * The tenant: somebody who may write everything that a namespace holds, in namespace `demo` and nowhere else.
 */
import { RESOURCE, resourcePath } from '../../core/api/resources.js';
import { LABEL, mcs, meshNode, peer, PEER_LABELS, service, slice } from './rbacObjects.js';
import { apply, merge, path, read, remove, type Theft, theft } from './theft.js';

/** Its user name, and the rights that `test/apiserver/rbac.test.ts` gives it in `demo`. */
export const TENANT = 'tenant';
export const TENANT_RULES = [
  {
    apiGroups: ['', 'discovery.k8s.io', 'multicluster.x-k8s.io'],
    resources: ['pods', 'services', 'endpoints', 'secrets', 'configmaps', 'endpointslices', 'serviceexports', 'serviceimports'],
    verbs: ['*'],
  },
];

const CANNOT = 'cannot';
const EXPORTED = { 'kilofed.io/export': 'true' };

export const TENANT_THEFTS: readonly Theft[] = [
  theft('export Services of its namespace to every member', apply(service('demo', 'web', { annotations: EXPORTED }))),
  theft(
    'name members in an export that are not theirs',
    apply(service('demo', 'web', { annotations: { ...EXPORTED, 'kilofed.io/export-to': 'west' } })),
  ),
  theft(
    'export addresses of its own choice, of which the hub mirrors those that its cluster is registered with',
    apply(slice('demo', 'own', { labels: { 'kilofed.io/managed-by': 'me' }, addresses: ['10.42.1.9'] })),
  ),
  theft('change and delete what the hub made in its namespace', remove(RESOURCE.service, 'own', 'demo')),
  theft("pass objects of its namespace off as the hub's, which then changes and deletes them", apply(mcs('ServiceExport', 'x', LABEL))),
  theft('open or close its namespace', merge(RESOURCE.namespace, 'demo', { metadata: { labels: { 'kilofed.io/import': 'all' } } }), CANNOT),
  theft('open another namespace', merge(RESOURCE.namespace, 'closed', { metadata: { labels: { 'kilofed.io/import': 'all' } } }), CANNOT),
  theft('export from another namespace', apply(service('closed', 'web', { annotations: EXPORTED })), CANNOT),
  theft("pass an object of another namespace off as the hub's", apply(mcs('ServiceExport', 'x', LABEL, 'closed')), CANNOT),
  theft('read Services of other namespaces', read(resourcePath(RESOURCE.service)), CANNOT),
  theft('read Peers', read(resourcePath(RESOURCE.peer)), CANNOT),
  theft('write a Peer', apply(peer('p', PEER_LABELS)), CANNOT),
  theft('read the Mesh', read(resourcePath(RESOURCE.mesh)), CANNOT),
  theft('change the Mesh', merge(RESOURCE.mesh, 'default', { spec: { planes: 1 } }), CANNOT),
  theft('write a MeshNode', apply(meshNode('a')), CANNOT),
  theft('move a node', merge(RESOURCE.node, 'a', { metadata: { annotations: { 'kilo.squat.ai/location': 'x' } } }), CANNOT),
  theft("read the hub's Secrets", read(resourcePath(RESOURCE.secret, 'kilofed')), CANNOT),
  theft("reach the hub's API", { method: 'POST', path: `${path(RESOURCE.pod, 'hub', 'kilofed')}/portforward` }, CANNOT),
  theft(
    "make a token of the hub's account",
    {
      method: 'POST',
      path: '/api/v1/namespaces/kilofed/serviceaccounts/kilofed-hub/token',
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
    },
    CANNOT,
  ),
];
