/**
 * The example federation on real kubelets, for tests, and what several of them do with it.
 */
import { buildImages } from '../lab/kubelet/images.js';
import { containerdTemplate } from '../lab/kubelet/containerdTemplate.js';
import type { KubeletCluster } from '../lab/kubelet/cluster.js';
import type { KubeletNode } from '../lab/kubelet/node.js';
import { currentRun } from '../lab/world/enter.js';
import { runFolder } from '../lab/world/state.js';
import { attempt, sleep, until } from '../lab/process.js';
import { type Example, type ExampleNetwork, installExample, startExample } from '../demo/install.js';
import { countWrites } from './apiRequests.js';
import { shopManifests, type ShopOptions } from './shop.js';

/** All installed and rolled out, nothing exported. `eu`: nodes of east's location of that name. */
export async function startFederation(options: { readonly network?: ExampleNetwork; readonly eu?: number } = {}): Promise<Example> {
  const world = currentRun();
  if (world === undefined) throw new Error('must run in a world: make e2e');
  const silent = (): void => undefined;
  const template = await containerdTemplate(await buildImages(silent), silent);
  const example = await startExample({ runId: world, folder: runFolder(world), template }, options);
  await installExample(example, { ...options, note: silent });
  return example;
}

/** Gateways of a location, by slot. Resolves when it has two. */
export async function twoGateways(cluster: KubeletCluster, location: string): Promise<readonly [KubeletNode, KubeletNode]> {
  return until(`two gateways in ${location}`, 30_000, async () => {
    const path = 'jsonpath={range .items[*]}{.spec.location} {.metadata.name} {.status.slot}{"\\n"}{end}';
    const lines = (await cluster.kubectl(['get', 'meshnodes', '-o', path])).trim().split('\n');
    const inSlot = (slot: string): KubeletNode | undefined =>
      cluster.nodes.get(lines.map((line) => line.split(' ')).find(([of, , its]) => of === location && its === slot)?.[1] ?? '');
    const [first, second] = [inSlot('0'), inSlot('1')];
    return first === undefined || second === undefined ? undefined : [first, second];
  });
}

export function nodeOf(cluster: KubeletCluster, name: string): KubeletNode {
  const found = cluster.nodes.get(name);
  if (found === undefined) throw new Error(`no node ${name}`);
  return found;
}

/** Resolves when it is rolled out. */
export async function applyShop(cluster: KubeletCluster, options: ShopOptions): Promise<void> {
  await cluster.kubectl(['apply', '-f', '-'], { input: shopManifests(options) });
  await cluster.kubectl(['-n', 'demo', 'rollout', 'status', 'deployment/shop', '--timeout=60s'], { timeoutMs: 70_000 });
}

/** Names or addresses of the pods with a label in namespace demo. */
export async function podsOf(
  cluster: KubeletCluster,
  label: string,
  field: '.metadata.name' | '.status.podIP' = '.metadata.name',
): Promise<readonly string[]> {
  return (await cluster.kubectl(['-n', 'demo', 'get', 'pods', '-l', label, '-o', `jsonpath={.items[*]${field}}`])).trim().split(' ');
}

export async function restarted(cluster: KubeletCluster, workload: string): Promise<void> {
  await cluster.kubectl(['-n', 'kilofed', 'rollout', 'restart', workload]);
  await cluster.kubectl(['-n', 'kilofed', 'rollout', 'status', workload, '--timeout=60s'], { timeoutMs: 70_000 });
  await sleep(2_000);
}

/** Write requests that the API server has counted. */
export async function writes(cluster: KubeletCluster): Promise<Map<string, number>> {
  return countWrites(await cluster.kubectl(['get', '--raw', '/metrics']));
}

/** `kilofed status`, as somebody at the hub's cluster sees it. */
export async function status(
  home: KubeletCluster,
  ...options: readonly string[]
): Promise<{ readonly code: number; readonly text: string }> {
  const { code, stdout, stderr } = await attempt(['node', 'dist/kilofed.js', 'status', '--kubeconfig', home.kubeconfigFile, ...options]);
  return { code, text: `${stdout}${stderr}` };
}

/** Starts the hub again, or ends it and waits until it is gone. */
export async function scaleHub(home: KubeletCluster, replicas: 0 | 1): Promise<void> {
  const label = 'app.kubernetes.io/name=kilofed-hub';
  await home.kubectl(['-n', 'kilofed', 'scale', 'deployment/kilofed-hub', `--replicas=${replicas}`]);
  if (replicas === 0) {
    await home.kubectl(['-n', 'kilofed', 'wait', '--for=delete', 'pod', '-l', label, '--timeout=40s'], { timeoutMs: 50_000 });
  } else {
    await home.kubectl(['-n', 'kilofed', 'rollout', 'status', 'deployment/kilofed-hub', '--timeout=60s'], { timeoutMs: 70_000 });
  }
}

/** The process of the node's agent. */
export async function agentOf(node: KubeletNode): Promise<string> {
  return (await node.exec(['pgrep', '-of', 'kilofed.* node-agent'])).trim();
}
