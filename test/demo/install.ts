/**
 * The example federation, installed with `kubectl apply` of the very files of `manifests/` and `examples/multicluster/`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createWan } from '../bare/network.js';
import { run, until } from '../lab/process.js';
import { type KubeletCluster, type LabContext, startCluster } from '../lab/kubelet/cluster.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

export interface Example {
  readonly east: KubeletCluster;
  readonly west: KubeletCluster;
  readonly north: KubeletCluster;
}

/** Who gives pods their network: the lab, or flannel, as k3s has it (east, north) and as RKE2 has it (west). */
export type ExampleNetwork = 'lab' | 'flannel';

interface ExampleOptions {
  /** Default: `lab`. */
  readonly network?: ExampleNetwork;
  /** Nodes of east's location eu, of which two are gateways; default 2. */
  readonly eu?: number;
}

/** The three clusters of the example, up and empty. */
export async function startExample(lab: LabContext, { network = 'lab', eu = 2 }: ExampleOptions = {}): Promise<Example> {
  await createWan();
  const [k3s, rke2] = network === 'lab' ? [network, network] : [FLANNEL.k3s, FLANNEL.rke2];
  const [east, west, north] = await Promise.all([
    startCluster(lab, { name: 'east', index: 1, locations: { eu, us: 1 }, network: k3s }),
    startCluster(lab, { name: 'west', index: 2, locations: { a: 2 }, network: rke2 }),
    startCluster(lab, { name: 'north', index: 3, locations: { b: 1 }, proxyMode: 'iptables', network: k3s }),
  ]);
  return { east, west, north };
}

const FLANNEL = {
  k3s: { vni: 1, rules: 'iptables' },
  rke2: { vni: 4096, rules: 'nftables' },
} as const;

/** What a Mesh says beside flannel. */
const BESIDE_FLANNEL = 'encapsulationType: flannel';

interface InstallOptions {
  readonly network?: ExampleNetwork;
  readonly note: (text: string) => void;
}

/** Agents in every cluster, the hub in north, a Secret per member; resolves when everything is rolled out. */
export async function installExample({ east, west, north }: Example, { network = 'lab', note }: InstallOptions): Promise<void> {
  const meshes = new Map([
    [east, '01-mesh-east'],
    [west, '02-mesh-west'],
    [north, '03-mesh-north'],
  ]);
  await Promise.all(
    [...meshes].map(async ([cluster, mesh]) => {
      await cluster.kubectl(['apply', '--server-side', '-f', `${ROOT}/manifests/crds`]);
      await cluster.kubectl(['create', '-f', `${ROOT}/manifests/crds-multicluster.yaml`]);
      await cluster.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s']);
      await cluster.kubectl(['apply', '-f', manifestFile('cluster.yaml'), '-f', manifestFile('member.yaml')]);
      await until(
        'the Mesh kind to be served',
        20_000,
        async () => (await cluster.kubectl(['apply', '-f', '-'], { input: meshText(mesh, network) })) !== '' || undefined,
      );
    }),
  );
  note('agents applied');
  await north.kubectl(['apply', '-f', manifestFile('hub-redis.yaml')]);
  for (const cluster of meshes.keys()) await declareMember(north, cluster);
  note('hub applied, members declared');
  await Promise.all([...meshes.keys()].map((cluster) => rolledOut(cluster, ['daemonset/node-agent', 'deployment/cluster-agent'])));
  await rolledOut(north, ['deployment/kilofed-hub']);
}

function meshText(file: string, network: ExampleNetwork): string {
  const text = readFileSync(exampleFile(`${file}.yaml`), 'utf8');
  return network === 'lab' ? text : text.replace(/^spec:\n/m, `spec:\n  ${BESIDE_FLANNEL}\n`);
}

/** A Secret with the kubeconfig that `make-kubeconfig.sh` prints, as the example's README says. */
export async function declareMember(home: KubeletCluster, member: KubeletCluster): Promise<void> {
  const kubeconfig = await until(`the token of ${member.name}`, 20_000, () => memberKubeconfig(member));
  const file = kubeconfigFileOf(member);
  writeFileSync(file, kubeconfig, { mode: 0o600 });
  await home.kubectl(['-n', 'kilofed', 'create', 'secret', 'generic', `member-${member.name}`, `--from-file=kubeconfig=${file}`]);
  await home.kubectl(['-n', 'kilofed', 'label', 'secret', `member-${member.name}`, `kilofed.io/cluster=${member.name}`]);
}

/** Where `declareMember` has put the kubeconfig that it gave to the hub. */
export function kubeconfigFileOf(member: KubeletCluster): string {
  return `${member.folder}/member.kubeconfig`;
}

async function memberKubeconfig(member: KubeletCluster): Promise<string> {
  const folder = `${ROOT}/examples/multicluster`;
  const kubectl = `kubectl() { command ${await kubectlProgram()} --kubeconfig=${member.kubeconfigFile} "$@"; }; export -f kubectl`;
  return run(['bash', '-c', `${kubectl}; bash ${folder}/make-kubeconfig.sh`]);
}

async function kubectlProgram(): Promise<string> {
  const { binaryPath } = await import('../lab/binaries/locate.js');
  return binaryPath('kubectl') ?? 'kubectl';
}

async function rolledOut(cluster: KubeletCluster, workloads: readonly string[]): Promise<void> {
  for (const workload of workloads) {
    await cluster.kubectl(['-n', 'kilofed', 'rollout', 'status', workload, '--timeout=90s'], { timeoutMs: 100_000 });
  }
}

export function manifestFile(name: string): string {
  return `${ROOT}/manifests/${name}`;
}

export function exampleFile(name: string): string {
  return `${ROOT}/examples/multicluster/${name}`;
}
