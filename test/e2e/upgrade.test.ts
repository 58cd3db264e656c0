/**
 * Upgrade and downgrade between the previous release and this one, in any order of their parts, on bare nodes and under traffic: agents of
 * both in one mesh, a hub and cluster-agents of the other release, and the kinds of the other one.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type KubeObject, RESOURCE } from '../../core/api/resources.js';
import { listObjects } from '../../kube/wire/apply.js';
import { type BareCluster, type BareNode, PROGRAM } from '../bare/cluster.js';
import { startFlow } from '../bare/flow.js';
import { binaryPath } from '../lab/binaries/locate.js';
import { run, sleep, until } from '../lab/process.js';
import { describeWithPrevious, type Release } from '../upgrade/previousRelease.js';
import { byHub, difference, writeRequests } from './apiRequests.js';
import { type Federation, startFederation, untilAllReach } from './federation.js';

const MANIFESTS = join(PROGRAM, '../../manifests');
const PAUSE_MS = 300;
/** Between nodes behind gateways of both sides, across clusters and across locations, and back. */
const FLOWS = [
  ['east-a3', 'west-c2'],
  ['west-c2', 'east-a3'],
  ['east-a3', 'east-b1'],
  ['east-b1', 'west-c1'],
] as const;

let previous: Release;
let federation: Federation;
const clusters = (): readonly BareCluster[] => [...federation.clusters.values()];

const nodeOf = (name: string): BareNode => {
  const found = federation.nodes().find((each) => each.name === name);
  if (found === undefined) throw new Error(`no node ${name}`);
  return found;
};

/** Packets that were lost, by flow, while `act` ran. */
async function lost(act: () => Promise<void>): Promise<Readonly<Record<string, number>>> {
  const flows = await Promise.all(
    FLOWS.map(async ([from, to]) => ({
      name: `${from} -> ${to}`,
      flow: await startFlow(nodeOf(from).pod, nodeOf(to).pod, 100, 'two-way'),
    })),
  );
  await sleep(500);
  const failed = await act().then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  await sleep(1_000);
  const reports = await Promise.all(flows.map(async ({ name, flow }) => [name, (await flow.stop()).lost] as const));
  if (failed !== undefined) throw failed.error;
  return Object.fromEntries(reports.filter(([, count]) => count > 0));
}

/** As a DaemonSet does it, one after another. */
async function rollAgents(nodes: readonly BareNode[], program?: string): Promise<void> {
  for (const node of nodes) {
    await node.killAgent('SIGTERM');
    node.startAgent(program);
    await matched(node);
    await sleep(PAUSE_MS);
  }
}

async function matched(node: BareNode): Promise<void> {
  await until(`the agent of ${node.name} to match its host`, 20_000, async () =>
    (await node.health()).startsWith('matched') ? true : undefined,
  );
}

async function changesOf(node: BareNode): Promise<number> {
  const [, count] = /^kilofed_node_changes_total (\d+)/m.exec(await node.metrics()) ?? [];
  return Number(count);
}

async function replaceHub(program?: string): Promise<void> {
  await federation.killHub();
  federation.startHub(program);
  await until('the hub to link the members', 40_000, async () => {
    const { pairs } = await federation.status();
    return pairs.length === 2 && pairs.every(({ state }) => state === 'linked') ? true : undefined;
  });
}

/** Name and uid of each Peer of the hub. */
async function peers(): Promise<readonly string[]> {
  const lists = await Promise.all(clusters().map(({ client }) => listObjects<KubeObject>(client, RESOURCE.peer)));
  return lists.flatMap((list) => (list.ok ? list.value.map(({ metadata }) => `${metadata.name} ${metadata.uid}`) : [])).toSorted();
}

async function applyKinds(manifests: string): Promise<void> {
  const files = readdirSync(join(manifests, 'crds')).flatMap((name) => ['-f', join(manifests, 'crds', name)]);
  for (const { api } of clusters()) {
    const kubectl = [binaryPath('kubectl') ?? 'kubectl', '--kubeconfig', join(api.dir, 'admin.kubeconfig')];
    await run([...kubectl, 'apply', '--server-side', '--force-conflicts', ...files], { timeoutMs: 60_000 });
    await run([...kubectl, 'wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s'], { timeoutMs: 40_000 });
  }
}

await describeWithPrevious('beside the previous release', (release) => {
  beforeAll(async () => {
    previous = await release();
    federation = await startFederation(
      [
        { name: 'east', index: 1, locations: { a: 3, b: 1 } },
        { name: 'west', index: 2, locations: { c: 2 } },
      ],
      { dir: '/tmp/kilofed-e2e-upgrade' },
    );
    expect(await untilAllReach(federation)).toEqual([]);
  }, 600_000);

  afterAll(() => federation.stop(), 30_000);

  test('agents of both releases in one mesh: all pods reach each other, and nobody loses a packet on the way back and forth', async () => {
    const half = federation.nodes().filter((_, index) => index % 2 === 0);
    const rest = federation.nodes().filter((node) => !half.includes(node));
    expect(await lost(() => rollAgents(half, previous.program))).toEqual({});
    expect(await untilAllReach(federation)).toEqual([]);
    expect(await lost(() => rollAgents(rest, previous.program))).toEqual({});
    expect(await untilAllReach(federation)).toEqual([]);
    expect(await lost(() => rollAgents(rest))).toEqual({});
    expect(await untilAllReach(federation)).toEqual([]);
    expect(await lost(() => rollAgents(half))).toEqual({});
    expect(await untilAllReach(federation)).toEqual([]);
  }, 400_000);

  test('hub and cluster-agents of the previous release, agents of this one, and back: no packet is lost, no Peer made anew', async () => {
    const before = await peers();
    expect(before.length).toBeGreaterThan(2);
    const change = async (program?: string): Promise<void> => {
      await Promise.all(clusters().map((cluster) => cluster.restartClusterAgent(program)));
      await replaceHub(program);
      await sleep(2_000);
    };
    expect(await lost(() => change(previous.program))).toEqual({});
    expect(await peers()).toEqual(before);
    expect(await untilAllReach(federation)).toEqual([]);
    expect(await lost(() => change())).toEqual({});
    expect(await peers()).toEqual(before);
    const counted = await Promise.all(clusters().map(writeRequests));
    await replaceHub();
    await sleep(2_000);
    const now = await Promise.all(clusters().map(writeRequests));
    expect(now.map((after, index) => byHub(difference(counted[index] ?? new Map(), after)))).toEqual([{}, {}]);
  }, 300_000);

  test('kinds of the previous release, programs of this one, and back: no packet is lost, and agents change nothing', async () => {
    const some = [nodeOf('east-a1'), nodeOf('west-c2')];
    const loses = await lost(async () => {
      await applyKinds(previous.manifests);
      await rollAgents(some);
      await Promise.all(clusters().map((cluster) => cluster.restartClusterAgent()));
      await replaceHub();
    });
    expect(loses).toEqual({});
    expect(await untilAllReach(federation)).toEqual([]);
    const again = await lost(async () => {
      await applyKinds(MANIFESTS);
      await rollAgents(some);
    });
    expect(again).toEqual({});
    expect(await Promise.all(some.map(changesOf))).toEqual([0, 0]);
  }, 300_000);
});
