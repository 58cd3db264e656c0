/**
 * A real cluster: control plane, nodes in their locations, CoreDNS. Must run in a world (test/lab/world).
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createLan, type Lan } from '../../bare/network.js';
import { type ControlPlane, startControlPlane } from '../../apiserver/controlPlane.js';
import { binaryPath } from '../binaries/locate.js';
import { run, until } from '../process.js';
import { corednsManifest } from './coredns.js';
import { FLANNEL_USER, flannelManifest } from './flannel.js';
import { type KubeletNode, startNode } from './node.js';
import type { NodeNetwork } from './nodeConfig.js';

interface ClusterSpec {
  readonly name: string;
  /** 1..9: distinct for distinct clusters; every address follows from it unless given. */
  readonly index: number;
  /** Location to number of nodes; nodes are named `<cluster>-<location><n>`. */
  readonly locations: Readonly<Record<string, number>>;
  readonly podPrefix?: string;
  readonly proxyMode?: 'nftables' | 'iptables';
  /** Who gives pods their network. `ours`: the node-agent, which `install` brings; the nodes are not ready before. Default: the lab. */
  readonly network?: NodeNetwork;
  /** Runs before the nodes are waited for. */
  readonly install?: (cluster: Pick<KubeletCluster, 'kubectl'>) => Promise<void>;
}

export interface LabContext {
  readonly runId: string;
  readonly folder: string;
  /** From `containerdTemplate`. */
  readonly template: string;
}

export interface KubeletCluster {
  readonly name: string;
  readonly api: ControlPlane;
  readonly kubeconfigFile: string;
  readonly folder: string;
  readonly nodes: ReadonlyMap<string, KubeletNode>;
  kubectl(args: readonly string[], options?: { readonly input?: string; readonly timeoutMs?: number }): Promise<string>;
  addNode(name: string, location: string): Promise<KubeletNode>;
  removeNode(name: string): Promise<void>;
  stop(): Promise<void>;
}

let lanCount = 100;

/** Resolves when every node is Ready and cluster DNS answers. */
export async function startCluster(lab: LabContext, spec: ClusterSpec): Promise<KubeletCluster> {
  const folder = `${lab.folder}/${spec.name}`;
  const address = `172.16.1.${spec.index}`;
  const podPrefix = spec.podPrefix ?? `10.${40 + spec.index}`;
  const serviceCIDR = `10.9${spec.index}.0.0/16`;
  const dnsAddress = `10.9${spec.index}.0.10`;
  await run(['ip', 'addr', 'replace', `${address}/32`, 'dev', 'lo']);
  const names = Object.entries(spec.locations).flatMap(([location, count]) =>
    Array.from({ length: count }, (_, index) => ({ location, name: `${spec.name}-${location}${index + 1}` })),
  );
  const api = await startControlPlane({
    name: spec.name,
    dir: folder,
    serviceCIDR,
    bindAddress: address,
    port: 6443,
    controllers: '*,-nodeipam,-cloud-node-lifecycle-controller',
    scheduler: true,
    // A name more than there are nodes, for those that join later.
    users: [
      { name: FLANNEL_USER, groups: [] },
      ...[...names.map(({ name }) => name), ...[1, 2, 3].map((index) => `${spec.name}-extra${index}`)].map((name) => ({
        name: `system:node:${name}`,
        groups: ['system:nodes'],
      })),
    ],
  });
  const kubeconfigFile = `${folder}/kubeconfig`;
  writeFileSync(kubeconfigFile, api.kubeconfig('admin'), { mode: 0o600 });
  const program = binaryPath('kubectl') ?? 'kubectl';
  const kubectl: KubeletCluster['kubectl'] = (args, options) => run([program, `--kubeconfig=${kubeconfigFile}`, ...args], options);
  await kubectl(['create', 'clusterrolebinding', 'lab-kube-proxy', '--clusterrole=system:node-proxier', '--user=system:kube-proxy']);
  const network = spec.network ?? 'lab';
  if (typeof network === 'object') await kubectl(['apply', '-f', '-'], { input: flannelManifest() });
  const nodes = new Map<string, KubeletNode>();
  const lans = new Map<string, { readonly lan: Lan; hosts: number }>();
  let count = 0;

  const addNode = async (name: string, location: string): Promise<KubeletNode> => {
    count += 1;
    const podCIDR = `${podPrefix}.${count}.0/24`;
    const place = lans.get(location) ?? { lan: await createLan((lanCount += 1)), hosts: 10 };
    lans.set(location, place);
    place.hosts += 1;
    const host = place.hosts;
    const labels = { 'topology.kubernetes.io/region': location, 'topology.kubernetes.io/zone': `${spec.name}-${location}` };
    await kubectl(['apply', '--server-side', '-f', '-'], {
      input: JSON.stringify({ apiVersion: 'v1', kind: 'Node', metadata: { name, labels }, spec: { podCIDR, podCIDRs: [podCIDR] } }),
    });
    const nodeFolder = `${folder}/nodes/${name}`;
    mkdirSync(nodeFolder, { recursive: true });
    const node = await startNode({
      runId: lab.runId,
      folder: nodeFolder,
      lan: place.lan,
      host,
      template: lab.template,
      config: {
        name,
        podCIDR,
        clusterCIDR: `${podPrefix}.0.0/16`,
        dnsAddress,
        proxyMode: spec.proxyMode ?? 'nftables',
        network,
        ca: api.ca,
        kubeletKubeconfig: api.kubeconfig(`system:node:${name}`),
        proxyKubeconfig: api.kubeconfig('system:kube-proxy'),
        flannelKubeconfig: api.kubeconfig(FLANNEL_USER),
      },
    });
    nodes.set(name, node);
    return node;
  };
  for (const { name, location } of names) await addNode(name, location);
  await spec.install?.({ kubectl });
  await kubectl(['apply', '-f', '-'], { input: corednsManifest(dnsAddress) });
  await until(`all nodes of ${spec.name} Ready`, 120_000, async () => {
    const ready = await kubectl(['get', 'nodes', '-o', 'jsonpath={range .items[*]}{.status.conditions[?(@.type=="Ready")].status} {end}']);
    return ready
      .trim()
      .split(' ')
      .filter((each) => each === 'True').length === nodes.size
      ? true
      : undefined;
  });
  await kubectl(['-n', 'kube-system', 'rollout', 'status', 'deploy/coredns', '--timeout=90s'], { timeoutMs: 100_000 });

  return {
    name: spec.name,
    api,
    kubeconfigFile,
    folder,
    nodes,
    kubectl,
    addNode,
    async removeNode(name) {
      await nodes.get(name)?.stop();
      nodes.delete(name);
      await kubectl(['delete', 'node', name, '--wait=false']);
    },
    async stop() {
      await Promise.all([...nodes.values()].map((node) => node.stop()));
      await api.stop();
    },
  };
}
