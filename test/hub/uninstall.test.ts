/**
 * `kilofed uninstall`, the whole command line, before a cluster that is a map, into which all of `manifests/` was put; with something that
 * starts pods as the controller of DaemonSets does, and a hub that answers as one does.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { loadAll } from 'js-yaml';
import type { KubeObject } from '../../core/api/resources.js';
import { RESOURCE } from '../../core/api/resources.js';
import type { FederationStatus } from '../../core/api/status.js';
import { cleansUp, type DaemonSet } from '../../core/uninstall/cleanUpPods.js';
import { systemClock } from '../../kube/wire/systemClock.js';
import { HEALTHY } from '../fakes/federationStatus.js';
import { createFakeCluster, type FakeCluster } from './fakeCluster.js';
import { serveCluster } from './servedCluster.js';
import { runCli } from './runCli.js';

const MANIFESTS = resolve(import.meta.dirname, '../../../manifests');
const MEMBER = ['cluster-cni.yaml', 'member.yaml', 'member-namespaces.yaml', 'crds-multicluster.yaml'];
const UID = 'uid-of-east';
const NODES = ['a', 'b', 'c'];
const OF_HUB = { 'kilofed.io/managed-by': 'kilofed-hub', 'kilofed.io/cluster': 'west' };
const LEASE = { holderIdentity: 'default/hub-1', leaseDurationSeconds: 10 };

let folder: string;
let cluster: FakeCluster;
let served: Awaited<ReturnType<typeof serveCluster>>;
let hub: Server;
let address: string;
/** Of the hub: whom it has, and what it was asked. */
let known: string[];
let asked: string[];
/** Declared by files there. */
let filed: string[];
/** What a run that is told to forget is told, as often as there are such. */
let refusals: string[];
/** What it answers first, in the place of its status. */
let statuses: FederationStatus[];
/** Whether it does not clean up after one that leaves. */
let leavesBehind: boolean;
/** Nodes that do not answer, and on which nothing starts. */
let away: Set<string>;
/** Nodes have no other network plugin: one that was cleaned has none. */
let isNetworkPlugin: boolean;
let controller: NodeJS.Timeout;

const put = (object: object): void => cluster.put(object as KubeObject & Readonly<Record<string, unknown>>);

function install(files: readonly string[]): void {
  for (const file of files) {
    for (const object of loadAll(readFileSync(join(MANIFESTS, file), 'utf8')) as object[]) put(object);
  }
}

/** A member that was in use: nodes, a Mesh, what the hub wrote, and what people wrote beside it. */
function use(): void {
  for (const file of readdirSync(join(MANIFESTS, 'crds'))) install([`crds/${file}`]);
  install(MEMBER);
  for (const name of NODES) {
    put({ apiVersion: 'v1', kind: 'Node', metadata: { name }, status: { conditions: [{ type: 'Ready', status: 'True' }] } });
    put({ apiVersion: 'kilofed.io/v1alpha1', kind: 'MeshNode', metadata: { name } });
  }
  put({ apiVersion: 'kilofed.io/v1alpha1', kind: 'Mesh', metadata: { name: 'default' } });
  put({ apiVersion: 'kilofed.io/v1alpha1', kind: 'NodePolicy', metadata: { name: 'a' } });
  put({ apiVersion: 'kilofed.io/v1alpha1', kind: 'GatewayReport', metadata: { name: 'a' } });
  put({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'kilofed-hub', namespace: 'kilofed', annotations: { 'kilofed.io/federation': 'default' } },
    spec: LEASE,
  });
  put({ apiVersion: 'kilo.squat.ai/v1alpha1', kind: 'Peer', metadata: { name: 'west-1', labels: OF_HUB } });
  put({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: 'demo', labels: OF_HUB } });
  put({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'mine', namespace: 'demo' } });
}

const LEFT_BEHIND: FederationStatus['problems'][number] = {
  subject: { kind: 'member' },
  reason: 'LeftBehind',
  message: 'east was removed, and what the hub wrote into it is still there: it did not answer',
};
const PEER = { apiVersion: 'kilo.squat.ai/v1alpha1', kind: 'Peer', metadata: { name: 'laptop' } };

const keys = (): readonly string[] => [...cluster.objects.keys()].toSorted();
const NODE_KEYS = NODES.map((name) => `nodes/${name}`);
const FOREIGN = ['namespaces/kube-system', ...NODE_KEYS, 'services/demo/mine'];
const PEOPLES_KINDS = [
  'customresourcedefinitions/gatewayreports.kilofed.io',
  'customresourcedefinitions/meshes.kilofed.io',
  'customresourcedefinitions/meshnodes.kilofed.io',
  'customresourcedefinitions/nodepolicies.kilofed.io',
  'customresourcedefinitions/peers.kilo.squat.ai',
  'customresourcedefinitions/serviceexports.multicluster.x-k8s.io',
  'customresourcedefinitions/serviceimports.multicluster.x-k8s.io',
];

/** What the controllers of Kubernetes do with a DaemonSet, as far as it goes here. */
function runPods(): void {
  const daemonSet = cluster.objects.get('daemonsets/kilofed/node-agent') as DaemonSet | undefined;
  const pods = [...cluster.objects.keys()].filter((key) => key.startsWith('pods/kilofed/node-agent-'));
  if (daemonSet === undefined || !cleansUp(daemonSet)) {
    if (daemonSet === undefined) for (const key of pods) cluster.drop(RESOURCE.pod, key.split('/').at(-1) ?? '', 'kilofed');
    return;
  }
  if (daemonSet.status?.desiredNumberScheduled === NODES.length && pods.length > 0) return;
  put({
    ...daemonSet,
    metadata: { ...daemonSet.metadata, generation: 2 },
    status: { observedGeneration: 2, desiredNumberScheduled: NODES.length },
  });
  for (const node of NODES) {
    const isReady = away.has(node) || isNetworkPlugin ? 'False' : 'True';
    if (isNetworkPlugin) put({ apiVersion: 'v1', kind: 'Node', metadata: { name: node }, status: { conditions: [ready('False')] } });
    put({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `node-agent-${node}`, namespace: 'kilofed', labels: { 'app.kubernetes.io/name': 'kilofed-node-agent' } },
      spec: { nodeName: node, containers: daemonSet.spec.template.spec.containers },
      status: { conditions: [{ type: 'Initialized', status: away.has(node) ? 'False' : 'True' }, ready(isReady)] },
    });
  }
}

const ready = (is: string): object => ({ type: 'Ready', status: is });

function status(): FederationStatus {
  const [like] = HEALTHY.members;
  if (like === undefined) throw new Error('no member');
  const members = known.map((id) => ({ ...like, id, clusterUid: id === 'east' ? UID : id }));
  return { ...HEALTHY, members, services: [], problems: leavesBehind && !known.includes('east') ? [LEFT_BEHIND] : [] };
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kilofed-uninstall-'));
  cluster = createFakeCluster(UID, systemClock);
  served = await serveCluster(() => cluster);
  writeFileSync(join(folder, 'config'), served.kubeconfig());
  [known, asked, away] = [['east', 'west'], [], new Set()];
  [filed, refusals, statuses, leavesBehind, isNetworkPlugin] = [[], [], [], false, false];
  hub = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const id = request.url?.split('/').at(-1) ?? '';
    const refusal = request.method === 'DELETE' ? (refusals.shift() ?? (filed.includes(id) ? 'file' : undefined)) : undefined;
    if (refusal !== undefined) {
      response.statusCode = 409;
      response.end(JSON.stringify({ error: `${id} is declared by ${refusal}: delete that first` }));
      return;
    }
    if (request.method === 'DELETE' && leavesBehind) known = known.filter((each) => each !== id);
    else if (request.method === 'DELETE') {
      // As the hub does, in a moment: what came from others goes, and the Lease is given back.
      known = known.filter((each) => each !== id);
      setTimeout(() => {
        cluster.drop(RESOURCE.peer, 'west-1');
        cluster.drop(RESOURCE.service, 'web', 'demo');
        put({
          apiVersion: 'coordination.k8s.io/v1',
          kind: 'Lease',
          metadata: { name: 'kilofed-hub', namespace: 'kilofed', annotations: {} },
          spec: { ...LEASE, holderIdentity: '' },
        });
      }, 300);
    }
    response.end(JSON.stringify(request.method === 'DELETE' ? {} : (statuses.shift() ?? status())));
  });
  await new Promise<void>((done) => hub.listen(0, '127.0.0.1', done));
  const bound = hub.address();
  address = `http://127.0.0.1:${bound !== null && typeof bound === 'object' ? bound.port : 0}`;
  controller = setInterval(runPods, 20);
});

afterEach(async () => {
  clearInterval(controller);
  hub.closeAllConnections();
  hub.close();
  await served.close();
  rmSync(folder, { recursive: true });
});

const run = (...argv: readonly string[]): ReturnType<typeof runCli> => runCli(folder, ['uninstall', ...argv]);

function declare(...ids: readonly string[]): void {
  for (const id of ids) {
    put({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: `member-${id}`, namespace: 'kilofed', labels: { 'kilofed.io/cluster': id } },
    });
  }
}

const server = (): string =>
  (JSON.parse(served.kubeconfig()) as { clusters: { cluster: { server: string } }[] }).clusters[0]?.cluster.server ?? '';

describe('a member', () => {
  beforeEach(use);

  test('leaves by its hub, its nodes are cleaned, and nothing of it is left; what is people’s stays', async () => {
    declare('east');
    const before = new Set(keys());
    const ended = await run('--yes', '--hub', address);
    expect(ended.err).toContain('kilofed: east leaves the federation\n');
    expect(ended).toMatchObject({ code: 0, out: expect.stringContaining('Nothing is left of it') });
    expect(before.size).toBeGreaterThan(60);
    expect(keys()).toEqual([...PEOPLES_KINDS, ...FOREIGN].toSorted());
    expect(asked).toContain('DELETE /api/v1/members/east');
    const order = (text: string): number => cluster.writes.indexOf(text);
    const DELETE = 'DELETE /apis/';
    const steps = [
      'DELETE /api/v1/namespaces/kilofed/secrets/member-east',
      `${DELETE}apps/v1/namespaces/kilofed/deployments/cluster-agent`,
      'PATCH /apis/apps/v1/namespaces/kilofed/daemonsets/node-agent',
      `${DELETE}rbac.authorization.k8s.io/v1/clusterrolebindings/kilofed-hub`,
      `${DELETE}admissionregistration.k8s.io/v1/validatingadmissionpolicies/kilofed-hub-peers`,
      `${DELETE}kilofed.io/v1alpha1/meshes/default`,
      `${DELETE}apps/v1/namespaces/kilofed/daemonsets/node-agent`,
      'DELETE /api/v1/namespaces/kilofed',
    ];
    expect(steps.map(order)).toEqual(steps.map(order).toSorted((a, b) => a - b));
    expect(steps.filter((step) => order(step) === -1)).toEqual([]);
  });

  test('is only told what would go, with --dry-run; and nobody is asked who does not sit there', async () => {
    const before = keys();
    const told = await run('--dry-run', '-o', 'json', '--hub', address);
    const report = JSON.parse(told.out) as { readonly removes: readonly string[]; readonly keeps: readonly { readonly what: string }[] };
    expect(report).toMatchObject({ dryRun: true, leavesFederation: true, nodes: { cleans: true, away: [] }, left: [] });
    expect(report.removes).toEqual(
      expect.arrayContaining(['mesh default', 'peer west-1', 'service web in namespace demo', 'namespace kilofed']),
    );
    expect(JSON.stringify(report)).not.toContain('mine');
    expect(report.keeps.map(({ what }) => what)).toContain('customresourcedefinition meshes.kilofed.io');
    const unasked = await run('--hub', address);
    expect(unasked).toMatchObject({ code: 2, err: 'kilofed: nothing was changed: say --yes\n' });
    expect([keys(), cluster.writes, asked]).toEqual([before, [], []]);
  });

  test('whose hub is not named is left as it is', async () => {
    const before = keys();
    const ended = await run('--yes');
    expect(ended.code).toBe(2);
    expect(ended.err).toContain('Name the cluster of its hub with --hub-context');
    expect([keys(), cluster.writes]).toEqual([before, []]);
  });

  test('in which a hub was once, and left its Lease, has no hub', async () => {
    put({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'kilofed-hub-active', namespace: 'kilofed' },
      spec: LEASE,
    });
    expect(await run('--yes')).toMatchObject({ code: 2, err: expect.stringContaining('Name the cluster of its hub') });
    declare('east');
    expect(await run('--yes', '--hub', address)).toMatchObject({ code: 0, out: expect.not.stringContaining('the hub') });
    expect(keys()).toEqual([...PEOPLES_KINDS, ...FOREIGN].toSorted());
  });

  test('whose hub is gone for ever goes with --force, and with it what the hub wrote', async () => {
    const ended = await run('--yes', '--force');
    expect(ended.code).toBe(0);
    expect(keys()).toEqual([...PEOPLES_KINDS, ...FOREIGN].toSorted());
  });

  test('that another program of the same name declares to its hub by a file is told where that is', async () => {
    filed = ['east'];
    const ended = await run('--yes', '--hub', address);
    expect(ended.err).toContain('no Secret declares east to its hub: delete its file in --kubeconfig-dir there');
    expect(cluster.objects.has('meshes/default')).toBe(true);
  });

  test('that was broken off between its Secret and its hub goes on: the hub still has it for a while', async () => {
    const ended = await run('--yes', '--hub', address);
    expect([ended.code, ended.err]).toEqual([0, expect.stringContaining('kilofed: east leaves the federation\n')]);
    expect(keys()).toEqual([...PEOPLES_KINDS, ...FOREIGN].toSorted());
  });

  test('waits for a hub that hears late that its Secret is gone', async () => {
    declare('east');
    // `kilofed forget` alone would have given up.
    refusals = Array.from({ length: 5 }, () => 'Secret member-east');
    expect(await run('--yes', '--hub', address)).toMatchObject({ code: 0 });
  });

  test('waits until the hub may write into it, so that the hub cleans up; if it may not, nothing is changed', async () => {
    declare('east');
    const before = keys();
    const starting = (): FederationStatus => {
      const { members, ...others } = status();
      return { ...others, members: members.map((each) => ({ ...each, state: 'unreachable', reason: 'connection refused' })) };
    };
    statuses = Array.from({ length: 100 }, starting);
    const refused = await run('--yes', '--hub', address, '--timeout', '1s');
    expect(refused).toMatchObject({
      code: 2,
      err: expect.stringContaining('east is not ready for its hub (unreachable: connection refused). Without that it deletes nothing here'),
    });
    expect([keys(), cluster.writes]).toEqual([before, []]);
    statuses = [starting()];
    expect(await run('--yes', '--hub', address)).toMatchObject({ code: 0 });
  });

  test('into which its hub cannot write any more is told so at once, and that --force does it', async () => {
    declare('east');
    leavesBehind = true;
    const ended = await run('--yes', '--hub', address);
    expect(ended).toMatchObject({ code: 2, err: expect.stringContaining('still there: it did not answer. Run this again with --force') });
    const again = await run('--yes', '--hub', address, '--timeout', '1s');
    expect(again).toMatchObject({
      code: 2,
      err: expect.stringContaining('the hub does not know this cluster any more, and yet: the hub re'),
    });
    expect(await run('--yes', '--force')).toMatchObject({ code: 0 });
    expect(keys()).toEqual([...PEOPLES_KINDS, ...FOREIGN].toSorted());
  });

  test('whose DaemonSet changes meanwhile, as its status does all the time, is cleaned by the DaemonSet as it is then', async () => {
    declare('east');
    let changes = 3;
    cluster.fault = ({ method, path }) => {
      const daemonSet = cluster.objects.get('daemonsets/kilofed/node-agent');
      if (method === 'PATCH' && path.endsWith('/daemonsets/node-agent') && daemonSet !== undefined && changes > 0) {
        changes -= 1;
        put({ ...daemonSet, status: { numberReady: changes } });
      }
      return undefined;
    };
    expect(await run('--yes', '--hub', address)).toMatchObject({ code: 0 });
    expect([changes, keys()]).toEqual([0, [...PEOPLES_KINDS, ...FOREIGN].toSorted()]);
  });

  test('whose DaemonSet somebody turns back is not taken for clean', async () => {
    const installed = cluster.objects.get('daemonsets/kilofed/node-agent');
    const isPatched = (): boolean => cluster.writes.some((each) => each.startsWith('PATCH'));
    clearInterval(controller);
    cluster.fault = ({ method, path }) => {
      if (installed !== undefined && method === 'GET' && path.endsWith('/daemonsets/node-agent') && isPatched())
        put({ ...installed, metadata: { name: 'node-agent', namespace: 'kilofed' } });
      return undefined;
    };
    const ended = await run('--yes', '--force', '--timeout', '1s');
    expect(ended).toMatchObject({ code: 2, err: expect.stringContaining('somebody has turned daemonset node-agent back') });
    expect(cluster.objects.has('daemonsets/kilofed/node-agent')).toBe(true);
  });

  test('whose network plugin Kilofed was ends clean: its nodes are not ready then, and so are not waited for', async () => {
    declare('east');
    isNetworkPlugin = true;
    expect(await run('--yes', '--hub', address, '--timeout', '60s')).toMatchObject({ code: 0 });
    expect(keys()).toEqual([...PEOPLES_KINDS, ...FOREIGN].toSorted());
  });

  test('of which a node is away waits for it, names it with what to run there, and goes on without it on request', async () => {
    away = new Set(['b']);
    put({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'b' }, status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } });
    declare('east');
    const waited = await run('--yes', '--hub', address, '--timeout', '2s');
    expect(waited.code).toBe(2);
    expect(waited.err).toMatch(
      /2 nodes are clean, and after 2 s these are not:\n {2}b: the node is not ready\n[^]*rm -rf \/var\/lib\/kilofed/,
    );
    expect([cluster.objects.has('daemonsets/kilofed/node-agent'), cluster.objects.has('meshnodes/b')]).toEqual([true, true]);
    const forced = await run('--yes', '--force', '--timeout', '2s');
    expect(forced.code).toBe(1);
    expect(forced.err).toContain('kilofed: b was not cleaned; on it: rm -rf');
    expect(keys()).toEqual([...PEOPLES_KINDS, ...FOREIGN].toSorted());
  });

  test.each([
    ['daemonsets/node-agent'],
    ['clusterroles/kilofed-node-agent'],
    ['DELETE /apis/apps/v1/namespaces/kilofed/daemonsets/node-agent'],
    ['DELETE /api/v1/namespaces/kilofed'],
  ])('goes on where it was broken off: before %s', async (place) => {
    declare('east');
    let broken = false;
    cluster.fault = ({ method, path }) =>
      method !== 'GET' && `${method} ${path}`.endsWith(place) && !broken ? { kind: 'server', code: 500, message: 'broken off' } : undefined;
    const first = await run('--yes', '--hub', address);
    expect(first).toMatchObject({ code: 2, err: expect.stringContaining('broken off') });
    broken = true;
    const second = await run('--yes', '--hub', address);
    expect(second.code).toBe(0);
    expect(keys()).toEqual([...PEOPLES_KINDS, ...FOREIGN].toSorted());
    const third = await run('--yes');
    expect(third).toMatchObject({ code: 0, out: expect.stringContaining(`nothing of Kilofed is installed at ${server()}`) });
  });

  test('a namespace in which people have something stays, and says why', async () => {
    put({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kube-root-ca.crt', namespace: 'kilofed' } });
    put({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'notes', namespace: 'kilofed' } });
    const ended = await run('--yes', '--force');
    expect(ended.out).toContain('namespace kilofed: there is something in it that is not of Kilofed: configmap kilofed/notes\n');
    expect([ended.code, cluster.objects.has('namespaces/kilofed'), cluster.objects.has('configmaps/kilofed/notes')]).toEqual([
      0,
      true,
      true,
    ]);
  });

  test('--crds takes the kinds, but none that has an object of somebody, or came from somebody', async () => {
    put(PEER);
    const theirs = cluster.objects.get('customresourcedefinitions/serviceimports.multicluster.x-k8s.io');
    put({ ...theirs, metadata: { ...theirs?.metadata, annotations: {} } });
    const ended = await run('--yes', '--force', '--crds');
    expect(keys().filter((key) => /^(customresource|peers)/.test(key))).toEqual([
      'customresourcedefinitions/peers.kilo.squat.ai',
      'customresourcedefinitions/serviceimports.multicluster.x-k8s.io',
      'peers/laptop',
    ]);
    expect(ended.out).toMatch(
      /peers\.kilo\.squat\.ai: 1 object of it would go with it: peer laptop\n[^]*serviceimports[^\n]*: other software brought it/,
    );
  });

  test("--crds is refused while CoreDNS reads ServiceImports, and keeps Peers' kind for Kilo's agents", async () => {
    const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'kilofed-coredns' } };
    put(role);
    const refused = await run('--yes', '--force', '--crds');
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('kilofed dns disable') });
    expect(cluster.writes).toEqual([]);
    cluster.drop({ group: '', version: 'v1', namespaced: false, kind: 'ClusterRole', plural: 'clusterroles' }, 'kilofed-coredns');
    put({
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name: 'kilo', namespace: 'kube-system', labels: { 'app.kubernetes.io/name': 'kilo' } },
    });
    await run('--yes', '--force', '--crds');
    expect(keys().filter((key) => /^(customresource|daemonsets)/.test(key))).toEqual([
      'customresourcedefinitions/peers.kilo.squat.ai',
      'daemonsets/kube-system/kilo',
    ]);
  });

  test('of which the agents are gone, but not what they did, is cleaned by pods of their own', async () => {
    cluster.drop({ group: 'apps', version: 'v1', namespaced: true, kind: 'DaemonSet', plural: 'daemonsets' }, 'node-agent', 'kilofed');
    const images: unknown[] = [];
    cluster.fault = ({ method }) => {
      if (method === 'DELETE') images.push(cluster.objects.get('daemonsets/kilofed/node-agent'));
      return undefined;
    };
    const ended = await run('--yes', '--force', '--image', 'registry.example/kilofed:1', '--cni-folder', '/etc/kubernetes/cni/net.d');
    expect(ended.code).toBe(0);
    const pods = JSON.stringify(images.find((each) => each !== undefined));
    for (const text of ['registry.example/kilofed:1', '/etc/kubernetes/cni/net.d', '"--clean-up","--purge"']) expect(pods).toContain(text);
    expect(keys()).toEqual([...PEOPLES_KINDS, ...FOREIGN].toSorted());
  });
});

describe("in the hub's own cluster", () => {
  beforeEach(() => {
    use();
    install(['hub.yaml']);
  });

  test('the hub, its namespace and the Secrets of the others stay', async () => {
    declare('east', 'west');
    const ended = await run('--yes', '--hub', address);
    expect(ended.code).toBe(0);
    expect(ended.out).toContain('the hub: it has 1 member; --with-hub removes it, too\n');
    const left = keys().filter((key) => !FOREIGN.includes(key) && !PEOPLES_KINDS.includes(key));
    expect(left).toEqual(
      [
        'namespaces/kilofed',
        'secrets/kilofed/member-west',
        ...(loadAll(readFileSync(join(MANIFESTS, 'hub.yaml'), 'utf8')) as KubeObject[]).map(({ kind, metadata }) =>
          [
            `${kind.toLowerCase().replace(/y$/, 'ie')}s`,
            ...(metadata.namespace === undefined ? [] : [metadata.namespace]),
            metadata.name,
          ].join('/'),
        ),
      ].toSorted(),
    );
  });

  test('--with-hub is refused while it has others, and else takes everything', async () => {
    declare('east', 'west');
    const refused = await run('--yes', '--with-hub', '--hub', address);
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('the hub has 2 members: east, west.') });
    expect(cluster.writes).toEqual([]);
    cluster.drop(RESOURCE.secret, 'member-west', 'kilofed');
    const ended = await run('--yes', '--with-hub', '--crds', '--hub', address);
    expect(ended.code).toBe(0);
    expect(keys()).toEqual(FOREIGN.toSorted());
    // Where Kilofed was the network plugin, the hub could not end on a clean node.
    const order = (text: string): number => cluster.writes.findIndex((each) => each.endsWith(text));
    expect(order('DELETE /apis/apps/v1/namespaces/kilofed/deployments/kilofed-hub')).toBeGreaterThan(-1);
    expect(order('/deployments/kilofed-hub')).toBeLessThan(order('PATCH /apis/apps/v1/namespaces/kilofed/daemonsets/node-agent'));
  });

  test('members go one after the other, that of the hub last', async () => {
    declare('east');
    known = ['east'];
    expect(await run('--yes', '--hub', address)).toMatchObject({ code: 0 });
    expect(cluster.objects.has('deployments/kilofed/kilofed-hub')).toBe(true);
    expect(await run('--yes', '--with-hub', '--crds')).toMatchObject({ code: 0 });
    expect(keys()).toEqual(FOREIGN.toSorted());
  });
});

test('where nothing is installed it says so, and that is no failure', async () => {
  const before = keys();
  expect(await run('--yes')).toMatchObject({ code: 0, out: expect.stringContaining('nothing of Kilofed is installed at ') });
  expect([keys(), cluster.writes]).toEqual([before, []]);
});
