import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { KubeClient, KubeResult } from '../../kube/wire/client.js';
import { type Account, clientAs, clientWithToken } from './accounts.js';
import { applyYaml, kubectl } from './kubectl.js';
import { HUB_TOKEN_AT_HOME } from './hubAtHome.js';
import { LEAKED_KUBECONFIG, NARROWED } from './leakedKubeconfig.js';
import { type Attempt, ATTEMPTS, CLUSTER_AGENT, HUB_AT_HOME, HUB_IN_MEMBER, NODE_AGENT } from './rbacAttempts.js';
import { FOLLOW, READ, rightsOf } from './rbacRights.js';
import { peer, PEER_LABELS, slice } from './rbacObjects.js';
import { MESH_STATUS, standing } from './rbacStanding.js';
import { STOLEN_NODE_TOKEN } from './stolenNodeToken.js';
import { describeWithApiServer } from './suite.js';
import { TENANT, TENANT_THEFTS } from './tenant.js';
import { apply, applyStatus, type Request, type Theft } from './theft.js';

const MANIFESTS = join(import.meta.dirname, '../../../manifests');

const APPLY = 'application/apply-patch+yaml';

/** One attempt for each policy, and for what a policy compares with. */
const ENFORCED = [
  "take over somebody's Peer",
  'open a port of the nodes',
  'lead a Service to 10.42.1.9',
  "add endpoints to somebody's Service",
  "add endpoints to somebody's headless Service",
  'take 10.42.7.0/24',
  'make a token for longer',
  'mirror a Service into closed',
];

/** In every namespace of a member. */
const HUB_RIGHTS = {
  endpointslices: [...FOLLOW, 'create', 'patch', 'delete'],
  events: ['create'],
  gatewayreports: FOLLOW,
  meshes: FOLLOW,
  meshnodes: FOLLOW,
  namespaces: READ,
  peers: [...FOLLOW, 'create', 'patch', 'delete'],
  serviceexports: [...FOLLOW, 'create', 'patch', 'delete'],
  'serviceexports/status': ['patch'],
  'serviceimports/status': ['patch'],
  serviceimports: [...FOLLOW, 'create', 'patch', 'delete'],
  services: [...FOLLOW, 'create', 'patch', 'delete'],
};

/** In every namespace. */
const OF_CLUSTER_AGENT = {
  endpointslices: [...FOLLOW, 'patch'],
  gatewayreports: FOLLOW,
  meshes: FOLLOW,
  'meshes/status': ['patch'],
  meshnodes: [...FOLLOW, 'delete'],
  'meshnodes/status': ['patch'],
  namespaces: FOLLOW,
  nodepolicies: [...FOLLOW, 'create', 'patch'],
  nodes: READ,
  peers: FOLLOW,
  'peers/status': ['patch'],
  ciliumnodes: FOLLOW,
  ipamblocks: FOLLOW,
  servicecidrs: FOLLOW,
  serviceexports: FOLLOW,
  serviceimports: ['get', 'list'],
  services: FOLLOW,
};

describeWithApiServer('the accounts of the manifests', { users: [{ name: TENANT, groups: [] }] }, (server) => {
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
    await applyYaml(server(), JSON.stringify({ apiVersion: 'v1', kind: 'List', items: standing() }));
    expect(await admin.call({ ...applyStatus(MESH_STATUS), query: { fieldManager: 'test' }, contentType: APPLY })).toMatchObject({
      ok: true,
    });
    // A policy is enforced some time after it was written, and knows the objects that it compares with some time after those.
    for (const title of ENFORCED) {
      const each = Object.values(LEAKED_KUBECONFIG)
        .flat()
        .find((one) => one.title === title);
      if (each === undefined) throw new Error(`there is no attempt ${title}`);
      await eventually(async () => (await refusalOf(as(HUB_IN_MEMBER), each.request)).includes(each.refused ?? 'never'));
    }
  }, 90_000);

  afterAll(() => clients.forEach((client) => client.close()));

  describe('have these rights and no others', () => {
    test.each<[string, Account, string, Readonly<Record<string, readonly string[]>>]>([
      [
        'node-agent',
        NODE_AGENT,
        'kilofed',
        {
          gatewayreports: ['get', 'create', 'patch', 'delete'],
          meshes: FOLLOW,
          meshnodes: [...FOLLOW, 'create', 'patch'],
          nodepolicies: FOLLOW,
          nodes: FOLLOW,
          peers: FOLLOW,
        },
      ],
      ['cluster-agent', CLUSTER_AGENT, 'kilofed', OF_CLUSTER_AGENT],
      ['cluster-agent, where Events of the Mesh stand', CLUSTER_AGENT, 'default', { ...OF_CLUSTER_AGENT, events: ['create'] }],
      ['hub, at home', HUB_AT_HOME, 'kilofed', { events: ['create'], leases: ['create'], secrets: [...FOLLOW, 'patch'] }],
      ['hub, at home, in another namespace', HUB_AT_HOME, 'demo', {}],
      ['hub, in a member', HUB_IN_MEMBER, 'demo', HUB_RIGHTS],
      ['hub, in a member, for its tokens and its Lease', HUB_IN_MEMBER, 'kilofed', HUB_RIGHTS],
    ])('%s', async (_, account, namespace, expected) => {
      expect(await rightsOf(as(account), namespace)).toEqual(expected);
    });
  });

  describe('are held to their own objects', () => {
    test.each(ATTEMPTS.map((each) => [each.refused === undefined ? 'may' : 'may not', each.title, each] as const))(
      '%s: %s',
      async (_may, _title, each) => {
        const answer = await perform(each, as);
        if (each.refused === undefined) expect(answer).toMatchObject({ ok: true });
        else expect(answer).toMatchObject({ ok: false, error: { message: expect.stringContaining(each.refused) } });
      },
    );
  });

  /** Both lists in full, so that one run shows all that is wrong. */
  async function expectAll(thefts: readonly Theft[], client: KubeClient): Promise<void> {
    const answers: [string, string][] = [];
    for (const { title, request } of thefts) answers.push([title, await refusalOf(client, request)]);
    expect(answers).toEqual(
      thefts.map(({ title, refused }) => [title, refused === undefined ? 'allowed' : (expect.stringContaining(refused) as unknown)]),
    );
    // An empty text is part of every answer.
    expect(answers.filter(([, answer], index) => answer === 'allowed' && thefts[index]?.refused !== undefined)).toEqual([]);
  }

  test('H6: a leaked kubeconfig writes the Services, EndpointSlices and Peers that docs/security.md admits, and no others', async () => {
    await expectAll(LEAKED_KUBECONFIG.H6, as(HUB_IN_MEMBER));
  }, 60_000);

  test('L4: a leaked kubeconfig writes the exports, imports and statuses that docs/security.md admits, and no others', async () => {
    await expectAll(LEAKED_KUBECONFIG.L4, as(HUB_IN_MEMBER));
  }, 60_000);

  test('M13: a leaked kubeconfig makes the tokens and reads what docs/security.md admits, and no more', async () => {
    await expectAll(LEAKED_KUBECONFIG.M13, as(HUB_IN_MEMBER));
  }, 60_000);

  test('H6: the Mesh can name what other members may have, and nothing else is let in then', async () => {
    const annotate = (value: string): Promise<string> =>
      kubectl(server(), ['annotate', 'mesh', 'default', `kilofed.io/allowed-cidrs${value}`]);
    const hub = as(HUB_IN_MEMBER);
    await annotate('=10.50.0.0/16, fd50::/48');
    await eventually(async () => (await refusalOf(hub, NARROWED[0]?.request ?? never())) !== 'allowed');
    await expectAll(NARROWED, hub);
    for (const title of ['the hub writes a Peer', 'the hub mirrors an EndpointSlice']) {
      const each = ATTEMPTS.find((one) => one.title === title) ?? never();
      expect([title, await refusalOf(hub, each.request)]).toEqual([title, 'allowed']);
    }
    await annotate('-');
    await eventually(async () => (await refusalOf(hub, NARROWED[0]?.request ?? never())) === 'allowed');
  }, 60_000);

  test('H6: the policies have time for the largest objects of the hub in a large cluster', async () => {
    const hub = as(HUB_IN_MEMBER);
    const range = (count: number, text: (index: number) => string): string[] => Array.from({ length: count }, (_, index) => text(index));
    const patchStatus = (status: object): Promise<string> =>
      kubectl(server(), ['patch', 'mesh', 'default', '--subresource=status', '--type=merge', '-p', JSON.stringify({ status })]);
    const hex = (index: number): string => (index + 1).toString(16);
    for (const [nodes, pods] of [
      [1000, 1000],
      [500, 500],
      [250, 250],
      [50, 50],
      [24, 12],
      [12, 6],
    ] as const) {
      await patchStatus({
        serviceCIDRs: range(8, (index) => `2001:db8:eeee:${hex(index)}::/112`),
        nodeCIDRs: range(nodes, (index) => `2001:db8:1111:2222:3333:4444:5555:${hex(index)}/128`),
        podCIDRs: range(pods, (index) => `2001:db8:aaaa:bbbb:cccc:${hex(index)}::/96`),
      });
      for (const count of [1000, 200, 100, 50]) {
        const addresses = range(count, (index) => `fd50:1111:2222:3333:4444:5555:6666:${hex(index)}`);
        const allowedIPs = range(count === 1000 ? 4096 : count, (index) => `fd50:1111:2222:3333:4444:${hex(index)}::/96`);
        const answers = [
          await refusalOf(hub, apply(slice('demo', 'own', { addresses }))),
          await refusalOf(hub, apply(peer('p', PEER_LABELS, { allowedIPs }))),
        ];
        expect([nodes, pods, count, ...answers]).toEqual([nodes, pods, count, 'allowed', 'allowed']);
      }
    }
    await patchStatus(MESH_STATUS['status'] as object);
    const pod = LEAKED_KUBECONFIG.H6.find(({ title }) => title === 'lead a Service to 10.42.1.9') ?? never();
    await eventually(async () => (await refusalOf(hub, pod.request)) !== 'allowed');
  }, 120_000);

  test("M13: the hub's own token, stolen at home, does what docs/security.md admits and nothing else", async () => {
    await expectAll(HUB_TOKEN_AT_HOME, as(HUB_AT_HOME));
  }, 60_000);

  test("a token stolen from a node's pod does what docs/security.md admits and nothing else", async () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'agent-on-a', namespace: 'kilofed' },
      spec: { nodeName: 'a', serviceAccountName: 'node-agent', containers: [{ name: 'c', image: 'x' }] },
    };
    await kubectl(server(), ['create', '-f', '-'], JSON.stringify(pod));
    const bound = ['--bound-object-kind=Pod', '--bound-object-name=agent-on-a'];
    const token = await kubectl(server(), ['-n', 'kilofed', 'create', 'token', 'node-agent', ...bound]);
    const thief = clientWithToken(server(), token.trim());
    clients.push(thief);
    await expectAll(STOLEN_NODE_TOKEN, thief);
  }, 60_000);

  test('a tenant with one namespace does what docs/security.md admits and nothing else', async () => {
    const client = clientWithToken(server(), server().token(TENANT));
    clients.push(client);
    await expectAll(TENANT_THEFTS, client);
  }, 60_000);
});

async function refusalOf(client: KubeClient, request: Request): Promise<string> {
  const answer = await call(client, request);
  return answer.ok ? 'allowed' : answer.error.message;
}

function perform(each: Attempt, as: (account: Account) => KubeClient): Promise<KubeResult<unknown>> {
  return call(as(each.as), each.request);
}

/** Nothing is changed: admission runs, and then the write is dropped. */
function call(client: KubeClient, request: Request): Promise<KubeResult<unknown>> {
  if (request.method === 'DELETE') return client.call({ ...request, body: { apiVersion: 'v1', kind: 'DeleteOptions', dryRun: ['All'] } });
  if (request.method === 'GET') return client.call(request);
  if (request.method !== 'PATCH') return client.call({ ...request, query: { dryRun: 'All' } });
  const merging = !('apiVersion' in (request.body as object));
  return client.call({
    ...request,
    query: { dryRun: 'All', fieldManager: 'test-account', ...(merging ? {} : { force: true }) },
    contentType: merging ? 'application/merge-patch+json' : APPLY,
  });
}

async function eventually(done: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await done())) {
    if (Date.now() > deadline) throw new Error('the policies are not enforced after 30 s');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function never(): never {
  throw new Error('there is no such thing');
}
