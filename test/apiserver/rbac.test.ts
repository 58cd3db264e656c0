import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type KubeObject, type Resource, RESOURCE, resourcePath } from '../../core/api/resources.js';
import { applyObject } from '../../kube/wire/apply.js';
import type { KubeClient, KubeRequest, KubeResult } from '../../kube/wire/client.js';
import { type Account, clientAs, clientWithToken } from './accounts.js';
import { applyYaml, kubectl } from './kubectl.js';
import { KEY } from './objectTable.js';
import { describeWithApiServer } from './suite.js';

const MANIFESTS = join(import.meta.dirname, '../../../manifests');

const NODE_AGENT: Account = { namespace: 'kilofed', name: 'node-agent', node: 'a' };
const CLUSTER_AGENT: Account = { namespace: 'kilofed', name: 'cluster-agent', node: 'a' };
const HUB_AT_HOME: Account = { namespace: 'kilofed', name: 'hub', node: 'a' };
/** The token in its kubeconfig belongs to no pod. */
const HUB_IN_MEMBER: Account = { namespace: 'kilofed', name: 'kilofed-hub' };

const READ = ['get', 'list', 'watch'];
const VERBS = [...READ, 'create', 'update', 'patch', 'delete', 'deletecollection'];

type Some = KubeObject & Readonly<Record<string, unknown>>;

interface Right {
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
}

/** Everything the programs touch, and what nobody may. */
const RIGHTS: readonly Right[] = [
  ...Object.values(RESOURCE).map(({ group, plural }) => ({ group, resource: plural })),
  ...[RESOURCE.mesh, RESOURCE.meshNode, RESOURCE.peer, RESOURCE.serviceExport, RESOURCE.serviceImport, RESOURCE.node, RESOURCE.service]
    .map(({ group, plural }) => ({ group, resource: plural, subresource: 'status' })),
  { group: '', resource: 'configmaps' },
  { group: '', resource: 'nodes', subresource: 'proxy' },
  { group: '', resource: 'pods', subresource: 'exec' },
  { group: '', resource: 'serviceaccounts', subresource: 'token' },
  { group: 'apps', resource: 'daemonsets' },
  { group: 'rbac.authorization.k8s.io', resource: 'clusterrolebindings' },
  { group: 'admissionregistration.k8s.io', resource: 'validatingadmissionpolicies' },
  { group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions' },
];

interface Attempt {
  readonly title: string;
  readonly as: Account;
  readonly request: Pick<KubeRequest, 'method' | 'path' | 'body'>;
  /** Part of the refusal; absent: it is allowed. */
  readonly refused?: string;
}

const LABEL = { 'kilofed.io/managed-by': 'kilofed-hub' };
const OWN_MESHNODE = 'a node-agent may write only the MeshNode of its own node';
const OWN_LABEL = 'the hub may only write objects that carry its label';
const PLAIN = 'the hub may only write Services of type ClusterIP without selector and externalIPs';

const ATTEMPTS: readonly Attempt[] = [
  // The node-agent
  attempt('a node-agent writes its own MeshNode', NODE_AGENT, apply(meshNode('a'))),
  attempt("a node-agent changes another node's MeshNode", NODE_AGENT, apply(meshNode('held')), OWN_MESHNODE),
  attempt("a node-agent writes another node's MeshNode", NODE_AGENT, apply(meshNode('b')), OWN_MESHNODE),
  attempt('a node-agent whose token belongs to no pod', { namespace: 'kilofed', name: 'node-agent' }, apply(meshNode('a')), OWN_MESHNODE),
  attempt('a node-agent writes a status', NODE_AGENT, { method: 'PATCH', path: `${path(RESOURCE.meshNode, 'a')}/status`, body: meshNode('a') }, 'cannot patch resource "meshnodes/status"'),
  attempt('a node-agent deletes its MeshNode', NODE_AGENT, { method: 'DELETE', path: path(RESOURCE.meshNode, 'a') }, 'cannot delete'),
  attempt('a node-agent changes the Mesh', NODE_AGENT, apply({ apiVersion: 'kilofed.io/v1alpha1', kind: 'Mesh', metadata: { name: 'default' }, spec: {} }), 'cannot patch'),
  attempt('a node-agent reads where the API server is', NODE_AGENT, { method: 'GET', path: path(RESOURCE.endpointSlice, 'kubernetes', 'default') }),
  attempt('a node-agent reads where something else is', NODE_AGENT, { method: 'GET', path: path(RESOURCE.endpointSlice, 'other', 'default') }, 'cannot get resource "endpointslices"'),
  attempt('a node-agent writes a Peer', NODE_AGENT, apply(peer('p', LABEL)), 'cannot patch'),

  // The cluster-agent
  attempt("the cluster-agent gives a node its place", CLUSTER_AGENT, { method: 'PATCH', path: `${path(RESOURCE.meshNode, 'held')}/status`, body: { ...meshNode('held'), spec: undefined, status: { slot: 0 } } }),
  attempt("the cluster-agent writes what an agent says of its node", CLUSTER_AGENT, apply(meshNode('held')), 'cannot patch'),

  // The hub in a member
  attempt('the hub writes a Peer', HUB_IN_MEMBER, apply(peer('p', LABEL))),
  attempt('the hub writes a Peer without its label', HUB_IN_MEMBER, apply(peer('p')), OWN_LABEL),
  attempt("the hub takes over somebody's Peer", HUB_IN_MEMBER, apply(peer('laptop', LABEL)), OWN_LABEL),
  attempt("the hub deletes somebody's Peer", HUB_IN_MEMBER, { method: 'DELETE', path: path(RESOURCE.peer, 'laptop') }, OWN_LABEL),
  attempt('the hub deletes a Peer of its own', HUB_IN_MEMBER, { method: 'DELETE', path: path(RESOURCE.peer, 'own') }),
  attempt('the hub gives a Peer of its own away', HUB_IN_MEMBER, merge(RESOURCE.peer, 'own', { metadata: { labels: { 'kilofed.io/managed-by': null } } }), OWN_LABEL),
  attempt('the hub mirrors a Service', HUB_IN_MEMBER, apply(service('demo', 'new', { labels: LABEL }))),
  attempt('the hub mirrors a headless Service', HUB_IN_MEMBER, apply(service('demo', 'new', { labels: LABEL, spec: { clusterIP: 'None' } }))),
  attempt('the hub writes a Service without its label', HUB_IN_MEMBER, apply(service('demo', 'new')), OWN_LABEL),
  attempt("the hub takes over somebody's Service", HUB_IN_MEMBER, apply(service('demo', 'foreign', { labels: LABEL })), OWN_LABEL),
  attempt("the hub deletes somebody's Service", HUB_IN_MEMBER, { method: 'DELETE', path: path(RESOURCE.service, 'foreign', 'demo') }, OWN_LABEL),
  attempt('the hub changes the Service of the API server', HUB_IN_MEMBER, merge(RESOURCE.service, 'kubernetes', { spec: { sessionAffinity: 'ClientIP' } }, 'default'), OWN_LABEL),
  attempt('the hub mirrors into kube-system', HUB_IN_MEMBER, apply(service('kube-system', 'new', { labels: LABEL })), 'the hub mirrors nothing into namespaces of the system'),
  attempt('the hub mirrors into our own namespace', HUB_IN_MEMBER, apply(service('kilofed', 'new', { labels: LABEL })), 'the hub mirrors nothing into namespaces of the system'),
  attempt('the hub takes pods of the member', HUB_IN_MEMBER, apply(service('demo', 'new', { labels: LABEL, spec: { selector: { app: 'web' } } })), PLAIN),
  attempt('the hub takes an outside address', HUB_IN_MEMBER, apply(service('demo', 'new', { labels: LABEL, spec: { externalIPs: ['203.0.113.7'] } })), PLAIN),
  attempt('the hub opens a port of the nodes', HUB_IN_MEMBER, apply(service('demo', 'new', { labels: LABEL, spec: { type: 'NodePort' } })), PLAIN),
  attempt('the hub names an outside host', HUB_IN_MEMBER, apply(service('demo', 'new', { labels: LABEL, spec: { type: 'ExternalName', externalName: 'example.com' } })), PLAIN),
  attempt('the hub mirrors an EndpointSlice', HUB_IN_MEMBER, apply(slice('demo', 'new', LABEL))),
  attempt('the hub writes an EndpointSlice without its label', HUB_IN_MEMBER, apply(slice('demo', 'new')), OWN_LABEL),
  attempt("the hub changes the API server's EndpointSlice", HUB_IN_MEMBER, apply({ ...slice('default', 'kubernetes', LABEL), endpoints: [] }), OWN_LABEL),
  attempt('the hub says how an export stands', HUB_IN_MEMBER, apply(mcs('ServiceExport', 'own-export', LABEL))),
  attempt("the hub changes somebody's export", HUB_IN_MEMBER, apply(mcs('ServiceExport', 'foreign-export', LABEL)), OWN_LABEL),
  attempt('the hub writes the status of an export', HUB_IN_MEMBER, {
    method: 'PATCH',
    path: `${path(RESOURCE.serviceExport, 'foreign-export', 'demo')}/status`,
    body: { ...mcs('ServiceExport', 'foreign-export'), status: { conditions: [] } },
  }),
  attempt('the hub makes a namespace', HUB_IN_MEMBER, apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'new' } }), 'cannot patch'),

  // The hub at home
  attempt('the hub changes the kubeconfig of a member', HUB_AT_HOME, merge(RESOURCE.secret, 'member', { data: {} }, 'kilofed'), 'cannot patch'),
];

describeWithApiServer('the accounts of the manifests', {}, (server) => {
  const clients: KubeClient[] = [];
  const as = (account?: Account): KubeClient => {
    const client = clientAs(server(), account);
    clients.push(client);
    return client;
  };

  beforeAll(async () => {
    const crds = (await readdir(join(MANIFESTS, 'crds'))).map((name) => `crds/${name}`);
    for (const file of [...crds, 'crds-multicluster.yaml', 'cluster.yaml', 'hub-redis.yaml', 'member.yaml']) {
      await applyYaml(server(), await readFile(join(MANIFESTS, file), 'utf8'));
    }
    const admin = as();
    await kubectl(server(), ['create', 'namespace', 'demo']);
    for (const object of [
      meshNode('held'), peer('laptop'), peer('own', LABEL), service('demo', 'foreign'), mcs('ServiceExport', 'own-export', LABEL), mcs('ServiceExport', 'foreign-export'),
    ]) {
      expect(await applyObject(admin, object, { fieldManager: 'test' })).toMatchObject({ ok: true });
    }
    // A policy is enforced some time after it was written.
    for (const title of ["the hub takes over somebody's Peer", 'the hub opens a port of the nodes', "a node-agent writes another node's MeshNode"]) {
      await eventually(async () => !(await perform(ATTEMPTS.find((each) => each.title === title) ?? none(), as)).ok);
    }
  }, 90_000);

  afterAll(() => clients.forEach((client) => client.close()));

  describe('have these rights and no others', () => {
    test.each<[string, Account, string, Readonly<Record<string, readonly string[]>>]>([
      ['node-agent', NODE_AGENT, 'kilofed', {
        meshes: READ,
        meshnodes: [...READ, 'create', 'patch'],
        nodes: READ,
        peers: READ,
      }],
      ['cluster-agent', CLUSTER_AGENT, 'kilofed', {
        meshes: READ,
        'meshes/status': ['patch'],
        meshnodes: [...READ, 'delete'],
        'meshnodes/status': ['patch'],
        nodes: READ,
        peers: READ,
        'peers/status': ['patch'],
        servicecidrs: READ,
      }],
      ['hub, at home', HUB_AT_HOME, 'kilofed', { secrets: READ }],
      ['hub, at home, in another namespace', HUB_AT_HOME, 'demo', {}],
      ['hub, in a member', HUB_IN_MEMBER, 'demo', {
        endpointslices: [...READ, 'create', 'patch', 'delete'],
        meshes: READ,
        meshnodes: READ,
        namespaces: READ,
        peers: [...READ, 'create', 'patch', 'delete'],
        serviceexports: [...READ, 'create', 'patch', 'delete'],
        'serviceexports/status': ['patch'],
        serviceimports: [...READ, 'create', 'patch', 'delete'],
        'serviceimports/status': ['patch'],
        services: [...READ, 'create', 'patch', 'delete'],
      }],
    ])('%s', async (_, account, namespace, expected) => {
      expect(await rightsOf(as(account), namespace)).toEqual(expected);
    });
  });

  describe('are held to their own objects', () => {
    test.each(ATTEMPTS.map((each) => [each.refused === undefined ? 'may' : 'may not', each.title, each] as const))('%s: %s', async (_may, _title, each) => {
      const answer = await perform(each, as);
      if (each.refused === undefined) expect(answer).toMatchObject({ ok: true });
      else expect(answer).toMatchObject({ ok: false, error: { message: expect.stringContaining(each.refused) } });
    });
  });

  test("a token stolen from a node's pod writes its own MeshNode's spec and nothing else; clusterAgent.test.ts shows what is believed of that", async () => {
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'agent-on-a', namespace: 'kilofed' }, spec: { nodeName: 'a', serviceAccountName: 'node-agent', containers: [{ name: 'c', image: 'x' }] } };
    await kubectl(server(), ['create', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'a' } }));
    await kubectl(server(), ['create', '-f', '-'], JSON.stringify(pod));
    const token = await kubectl(server(), ['-n', 'kilofed', 'create', 'token', 'node-agent', '--bound-object-kind=Pod', '--bound-object-name=agent-on-a']);
    const thief = clientWithToken(server(), token.trim());
    clients.push(thief);
    expect(await call(thief, apply(meshNode('a')))).toMatchObject({ ok: true });
    const answers = await Promise.all(THEFTS.map(async ({ title, request }) => [title, await refusalOf(thief, request)]));
    expect(answers).toEqual(THEFTS.map(({ title, refused }) => [title, expect.stringContaining(refused)]));
    expect(await thief.call({ method: 'GET', path: path(RESOURCE.secret, 'kilofed-hub', 'kilofed') })).toMatchObject({ ok: false, error: { kind: 'forbidden' } });
  });
});

/** What the thief's token is tried for, and what it must be told; every verb that writes, on everything it can read. */
const THEFTS: readonly { readonly title: string; readonly request: Attempt['request']; readonly refused: string }[] = [
  { title: 'create a MeshNode', request: { method: 'POST', path: resourcePath(RESOURCE.meshNode), body: meshNode('b') }, refused: OWN_MESHNODE },
  { title: 'apply a MeshNode', request: apply(meshNode('b')), refused: OWN_MESHNODE },
  { title: 'change a MeshNode by apply', request: apply(meshNode('held')), refused: OWN_MESHNODE },
  { title: 'change a MeshNode by merge', request: merge(RESOURCE.meshNode, 'held', { spec: { podCIDRs: ['10.0.0.0/24'] } }), refused: OWN_MESHNODE },
  { title: 'give a MeshNode another owner', request: merge(RESOURCE.meshNode, 'held', { metadata: { ownerReferences: [] } }), refused: OWN_MESHNODE },
  { title: 'update a MeshNode', request: { method: 'PUT', path: path(RESOURCE.meshNode, 'held'), body: meshNode('held') }, refused: 'cannot update resource "meshnodes"' },
  { title: 'delete a MeshNode', request: { method: 'DELETE', path: path(RESOURCE.meshNode, 'held') }, refused: 'cannot delete resource "meshnodes"' },
  { title: 'delete all MeshNodes', request: { method: 'DELETE', path: resourcePath(RESOURCE.meshNode) }, refused: 'cannot deletecollection resource "meshnodes"' },
  { title: 'move a slot', request: { method: 'PATCH', path: `${path(RESOURCE.meshNode, 'held')}/status`, body: { ...meshNode('held'), status: { slot: 0 } } }, refused: 'meshnodes' },
  { title: "confirm its own node's claims", request: { method: 'PATCH', path: `${path(RESOURCE.meshNode, 'a')}/status`, body: { ...meshNode('a'), status: { confirmed: { location: '', podCIDRs: ['10.0.0.0/24'], internalIPs: [], endpoints: [] } } } }, refused: 'meshnodes' },
  { title: 'update a status', request: { method: 'PUT', path: `${path(RESOURCE.meshNode, 'held')}/status`, body: { ...meshNode('held'), status: { slot: 0 } } }, refused: 'meshnodes' },
  ...(['POST', 'PATCH', 'PUT', 'DELETE'] as const).flatMap((method) => [
    { title: `${method} a Peer`, request: written(method, RESOURCE.peer, peer('laptop', LABEL)), refused: 'resource "peers"' },
    { title: `${method} the Mesh`, request: written(method, RESOURCE.mesh, { apiVersion: 'kilofed.io/v1alpha1', kind: 'Mesh', metadata: { name: 'default' }, spec: {} }), refused: 'resource "meshes"' },
    { title: `${method} a Node`, request: written(method, RESOURCE.node, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'a', annotations: { 'kilo.squat.ai/location': 'elsewhere' } } }), refused: 'resource "nodes"' },
  ]),
];

function written(method: 'POST' | 'PATCH' | 'PUT' | 'DELETE', resource: Resource, body: Some): Attempt['request'] {
  return { method, path: method === 'POST' ? resourcePath(resource) : path(resource, body.metadata.name), body };
}

async function refusalOf(client: KubeClient, request: Attempt['request']): Promise<string> {
  const answer = await call(client, request);
  return answer.ok ? 'allowed' : answer.error.message;
}

function attempt(title: string, as: Account, request: Attempt['request'], refused?: string): Attempt {
  return { title, as, request, ...(refused === undefined ? {} : { refused }) };
}

function perform(each: Attempt, as: (account: Account) => KubeClient): Promise<KubeResult<unknown>> {
  return call(as(each.as), each.request);
}

/** Nothing is changed: admission runs, and then the write is dropped. */
function call(client: KubeClient, request: Attempt['request']): Promise<KubeResult<unknown>> {
  if (request.method === 'DELETE') return client.call({ ...request, body: { apiVersion: 'v1', kind: 'DeleteOptions', dryRun: ['All'] } });
  if (request.method !== 'PATCH') return client.call({ ...request, query: { dryRun: 'All' } });
  const merging = !('apiVersion' in (request.body as object));
  return client.call({
    ...request,
    query: { dryRun: 'All', fieldManager: 'test-account', ...(merging ? {} : { force: true }) },
    contentType: merging ? 'application/merge-patch+json' : 'application/apply-patch+yaml',
  });
}

async function rightsOf(client: KubeClient, namespace: string): Promise<Record<string, readonly string[]>> {
  const rights: Record<string, readonly string[]> = {};
  for (const { group, resource, subresource } of RIGHTS) {
    const verbs = await Promise.all(VERBS.map(async (verb) => {
      const answer = await client.call<{ readonly status: { readonly allowed: boolean } }>({
        method: 'POST',
        path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
        body: {
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SelfSubjectAccessReview',
          spec: { resourceAttributes: { group, resource, verb, namespace, ...(subresource === undefined ? {} : { subresource }) } },
        },
      });
      if (!answer.ok) throw new Error(answer.error.message);
      return answer.value.status.allowed ? [verb] : [];
    }));
    const allowed = verbs.flat();
    if (allowed.length > 0) rights[subresource === undefined ? resource : `${resource}/${subresource}`] = allowed;
  }
  return rights;
}

function path(resource: Resource, name: string, namespace?: string): string {
  return resourcePath(resource, namespace, name);
}

function apply(object: Some): Attempt['request'] {
  const resource = Object.values(RESOURCE).find(({ kind }) => kind === object.kind) ?? none();
  return { method: 'PATCH', path: path(resource, object.metadata.name, object.metadata.namespace), body: object };
}

function merge(resource: Resource, name: string, body: object, namespace?: string): Attempt['request'] {
  return { method: 'PATCH', path: path(resource, name, namespace), body };
}

function meshNode(name: string): Some {
  return { apiVersion: 'kilofed.io/v1alpha1', kind: 'MeshNode', metadata: { name }, spec: { publicKey: KEY, endpoints: [], internalIPs: [], podCIDRs: [] } };
}

function peer(name: string, labels: Readonly<Record<string, string>> = {}): Some {
  return { apiVersion: 'kilo.squat.ai/v1alpha1', kind: 'Peer', metadata: { name, labels }, spec: { allowedIPs: [], publicKey: KEY } };
}

function service(namespace: string, name: string, more: { readonly labels?: Readonly<Record<string, string>>; readonly spec?: object } = {}): Some {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace, labels: more.labels ?? {} }, spec: { ports: [{ port: 80, protocol: 'TCP' }], ...more.spec } };
}

function slice(namespace: string, name: string, labels: Readonly<Record<string, string>> = {}): Some {
  return { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: { name, namespace, labels }, addressType: 'IPv4', endpoints: [] };
}

function mcs(kind: 'ServiceExport', name: string, labels: Readonly<Record<string, string>> = {}): Some {
  return { apiVersion: 'multicluster.x-k8s.io/v1beta1', kind, metadata: { name, namespace: 'demo', labels } };
}

async function eventually(done: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await done())) {
    if (Date.now() > deadline) throw new Error('the policies are not enforced after 30 s');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function none(): never {
  throw new Error('there is no such thing');
}
