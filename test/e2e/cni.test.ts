/**
 * CNI mode on real kubelets: nodes that come without any CNI configuration or plugin, and `manifests/cluster-cni.yaml`.
 */
import { createServer, type Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createWan } from '../bare/network.js';
import { type KubeletCluster, startCluster } from '../lab/kubelet/cluster.js';
import { containerdTemplate } from '../lab/kubelet/containerdTemplate.js';
import { buildImages } from '../lab/kubelet/images.js';
import { run, until } from '../lab/process.js';
import { currentRun } from '../lab/world/enter.js';
import { runFolder } from '../lab/world/state.js';
import { startProbePods } from './podFlows.js';

const MANIFESTS = fileURLToPath(new URL('../../../manifests', import.meta.url));
const CONFIGURATION = '/etc/cni/net.d/10-kilofed.conflist';
/** In the world's own namespace, which no prefix of the mesh holds. */
const OUTSIDE = { address: '172.16.1.77', port: 8077 };

interface Pod {
  readonly name: string;
  readonly node: string;
  readonly address: string;
}

let cluster: KubeletCluster;
let outside: Server;
let pods: readonly Pod[];

const MESH = {
  apiVersion: 'kilofed.io/v1alpha1',
  kind: 'Mesh',
  metadata: { name: 'default' },
  spec: { wireguardCIDRs: ['10.4.7.0/24'], cni: { enabled: true } },
};

beforeAll(async () => {
  const id = currentRun();
  if (id === undefined) throw new Error('must run in a world: make e2e');
  await createWan();
  const template = await containerdTemplate(await buildImages(() => undefined), () => undefined);
  cluster = await startCluster(
    { runId: id, folder: runFolder(id), template },
    { name: 'cni', index: 7, locations: { eu: 2, us: 1 }, network: 'ours', install },
  );
  await startProbePods(cluster);
  pods = await listPods();
  await run(['ip', 'addr', 'replace', `${OUTSIDE.address}/32`, 'dev', 'lo']);
  outside = createServer((request, response) => response.end(request.socket.remoteAddress));
  await new Promise<void>((resolve) => outside.listen(OUTSIDE.port, OUTSIDE.address, resolve));
}, 300_000);

afterAll(async () => {
  outside.close();
  await cluster.stop();
}, 60_000);

async function install({ kubectl }: Pick<KubeletCluster, 'kubectl'>): Promise<void> {
  await kubectl(['apply', '--server-side', '-f', `${MANIFESTS}/crds`]);
  await kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s']);
  await kubectl(['apply', '-f', `${MANIFESTS}/cluster-cni.yaml`]);
  await until(
    'the Mesh kind to be served',
    20_000,
    async () => (await kubectl(['apply', '-f', '-'], { input: JSON.stringify(MESH) })) !== '' || undefined,
  );
}

async function listPods(): Promise<readonly Pod[]> {
  const printed = await cluster.kubectl([
    'get',
    'pods',
    '-l',
    'app=probe',
    '-o',
    'jsonpath={range .items[*]}{.metadata.name} {.spec.nodeName} {.status.podIP}{"\\n"}{end}',
  ]);
  return printed
    .trim()
    .split('\n')
    .map((line) => {
      const [name = '', node = '', address = ''] = line.split(' ');
      return { name, node, address };
    });
}

/** What `from` gets from `http://address:port`: the address it was seen as; empty: no answer. */
async function seenBy(from: Pod, address: string, port: number): Promise<string> {
  return (
    await cluster.kubectl(['exec', from.name, '--', 'sh', '-c', `timeout 2 wget -qO- http://${address}:${port} 2>/dev/null || true`], {
      timeoutMs: 20_000,
    })
  ).trim();
}

const nodeOf = (name: string): NonNullable<ReturnType<KubeletCluster['nodes']['get']>> => {
  const node = cluster.nodes.get(name);
  if (node === undefined) throw new Error(`no node ${name}`);
  return node;
};

async function patchMesh(spec: object): Promise<void> {
  await cluster.kubectl(['patch', 'mesh', 'default', '--type=merge', '-p', JSON.stringify({ spec })]);
}

test('pods have addresses of their node, reach all others by their own, and the outside by their node', async () => {
  for (const { node, address } of pods) expect(address.startsWith(nodeOf(node).podCIDR.replace('.0/24', '.'))).toBe(true);
  let seen: string[] = [];
  const pairs = pods.flatMap((from) => pods.filter((to) => to !== from).map((to) => ({ from, to })));
  await until('all pairs', 60_000, async () => {
    seen = await Promise.all(pairs.map(({ from, to }) => seenBy(from, to.address, 8080)));
    return seen.every((address, index) => address === pairs[index]?.from.address) ? true : undefined;
  }).catch(() => undefined);
  expect(seen).toEqual(pairs.map(({ from }) => from.address));
  expect(await Promise.all(pods.map((pod) => seenBy(pod, OUTSIDE.address, OUTSIDE.port)))).toEqual(
    pods.map(({ node }) => nodeOf(node).address),
  );
}, 120_000);

test('the file has the MTU of the tunnels, follows it, and keeps what a person added; a new pod gets it', async () => {
  const node = nodeOf('cni-us1');
  const read = async (): Promise<{ readonly plugins: readonly { readonly mtu?: number; readonly type: string }[] }> =>
    JSON.parse(await node.exec(['cat', CONFIGURATION]));
  const before = await read();
  expect(before).toMatchObject({
    cniVersion: '1.0.0',
    name: 'kilo',
    plugins: [
      { type: 'bridge', bridge: 'kube-bridge', mtu: 1420, ipMasq: false, ipam: { ranges: [[{ subnet: node.podCIDR }]] } },
      { type: 'portmap' },
    ],
  });
  await node.exec(['sh', '-c', `cat > ${CONFIGURATION}`], {
    input: JSON.stringify({ ...before, plugins: [...before.plugins, { type: 'bandwidth', capabilities: { bandwidth: true } }] }),
  });
  await patchMesh({ mtu: 1350 });
  const after = await until('the new MTU', 10_000, async () => {
    const now = await read();
    return now.plugins[0]?.mtu === 1350 ? now : undefined;
  });
  expect(after.plugins.map(({ type }) => type)).toEqual(['bridge', 'portmap', 'bandwidth']);
  // The lab has no such plugin, and pods need every one that is named.
  await node.exec(['sh', '-c', `cat > ${CONFIGURATION}`], { input: JSON.stringify({ ...after, plugins: after.plugins.slice(0, 2) }) });
  const old = pods.find((pod) => pod.node === node.name) as Pod;
  await cluster.kubectl(['delete', 'pod', old.name, '--wait=true'], { timeoutMs: 40_000 });
  const mtu = await until('a pod with the new MTU', 40_000, async () => {
    const fresh = (await listPods()).find((pod) => pod.node === node.name && pod.name !== old.name);
    return fresh === undefined ? undefined : (await cluster.kubectl(['exec', fresh.name, '--', 'cat', '/sys/class/net/eth0/mtu'])).trim();
  });
  expect(mtu).toBe('1350');
}, 120_000);

test("another plugin's file that would win is told, disabled where that is asked for, and comes back", async () => {
  const node = nodeOf('cni-eu1');
  const other = '/etc/cni/net.d/05-other.conflist';
  const list = async (): Promise<string[]> => (await node.exec(['ls', '/etc/cni/net.d'])).trim().split('\n');
  await node.exec(['sh', '-c', `echo '{"cniVersion":"1.0.0","name":"other","plugins":[{"type":"loopback"}]}' > ${other}`]);
  const agent = (
    await cluster.kubectl([
      '-n',
      'kilofed',
      'get',
      'pods',
      '-l',
      'app.kubernetes.io/name=kilofed-node-agent',
      '--field-selector',
      `spec.nodeName=${node.name}`,
      '-o',
      'name',
    ])
  ).trim();
  await until('the agent to tell', 40_000, async () =>
    (await cluster.kubectl(['-n', 'kilofed', 'logs', agent])).includes('container runtimes take 05-other.conflist') ? true : undefined,
  );
  await patchMesh({ cni: { others: 'disable' } });
  await until('it to be disabled', 10_000, async () => ((await list()).includes('05-other.conflist.kilofed-disabled') ? true : undefined));
  expect(await list()).toEqual(['05-other.conflist.kilofed-disabled', '10-kilofed.conflist']);
  await patchMesh({ cni: { enabled: false } });
  await until('it to be back', 10_000, async () => ((await list()).join() === '05-other.conflist' ? true : undefined));
}, 120_000);
