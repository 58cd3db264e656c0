/**
 * A cluster of bare nodes: a real API server with Node objects, a real cluster-agent and node-agents, and namespaces for hosts
 * and pods. No kubelet, so it is up in seconds and a node comes and goes at once.
 */
import { type ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DEFAULT_NAMESPACE } from '../../core/api/names.js';
import { type KubeObject, type Resource, RESOURCE, resourcePath } from '../../core/api/resources.js';
import { loadKubeconfig } from '../../kube/config/kubeconfig.js';
import { applyObject, deleteObject, getObject, listObjects } from '../../kube/wire/apply.js';
import type { KubeClient, KubeResult } from '../../kube/wire/client.js';
import { createKubeClient } from '../../kube/wire/http2Client.js';
import { systemClock } from '../../kube/wire/systemClock.js';
import { type ControlPlane, startControlPlane } from '../apiserver/controlPlane.js';
import { binaryPath } from '../lab/binaries/locate.js';
import { familyOf, inUrl, networkBelow } from './addresses.js';
import { fetchText } from './fetchText.js';
import { type FlowPod, withFlows } from './flow.js';
import { createNamespace, type Namespace } from './namespace.js';
import { type Lan, plug } from './network.js';
import { createPod, createPodBridge } from './pod.js';
import { ended, logTo, run, start, until } from '../lab/process.js';
import { WIREGUARD } from '../lab/wireguard.js';

/** The programs as they ship. */
export const PROGRAM = fileURLToPath(new URL('../../../dist/kilofed.js', import.meta.url));
const MANIFESTS = fileURLToPath(new URL('../../../manifests', import.meta.url));
/** What CNI would give pods: 1420 for WireGuard, less 50 for VXLAN. */
const POD_MTU = 1370;

export interface BareClusterSpec {
  readonly name: string;
  readonly dir: string;
  /** An address of the lab's own namespace. */
  readonly address: string;
  readonly meshCIDRs: readonly string[];
  /**
   * e.g. `10.42` and `fd42:2`, one of each family that the cluster has: nodes get 10.42.1.0/24 and fd42:2:1::/64, and up. Nodes have
   * addresses of the same families.
   */
  readonly podPrefixes: readonly string[];
  readonly serviceCIDR: string;
  readonly meshSpec?: Readonly<Record<string, unknown>>;
}

export interface BareNode {
  readonly name: string;
  readonly namespace: Namespace;
  /** On its LAN; the first of `addresses`. */
  readonly address: string;
  readonly addresses: readonly string[];
  /** The first of `podCIDRs`. */
  readonly podCIDR: string;
  readonly podCIDRs: readonly string[];
  /** A pod that sends and answers flows. */
  readonly pod: FlowPod;
  /** `program`: another build than the one that ships. */
  startAgent(program?: string): void;
  /** Resolves when it has ended. */
  killAgent(signal: NodeJS.Signals): Promise<void>;
  /** Undefined: it does not run. */
  agentPid(): number | undefined;
  /** What the agent's /metrics says; throws while it does not answer. */
  metrics(): Promise<string>;
  /** Lines with that text that the node's agents have logged so far. */
  logged(text: string): readonly string[];
  /** What the agent's /healthz says; why it does not answer 200, where it does not. */
  health(): Promise<string>;
}

export interface BareCluster {
  readonly name: string;
  readonly api: ControlPlane;
  readonly client: KubeClient;
  readonly nodes: ReadonlyMap<string, BareNode>;
  /** Adds a node with a pod to a location; resolves when its agent runs, not when it is reachable. */
  addNode(name: string, at: { readonly location: string; readonly lan: Lan; readonly host: number }): Promise<BareNode>;
  /** What `addNode` will give next. */
  nextPodCIDRs(): readonly string[];
  /** As `kubectl delete node` after the machine was switched off. */
  removeNode(name: string): Promise<void>;
  apply(object: object): Promise<void>;
  /** As an administrator does: `{}` takes back what was said before. */
  instruct(node: string, what: { readonly unschedulable?: true; readonly annotations?: Readonly<Record<string, string>> }): Promise<void>;
  /** Replaces what the Mesh says beyond its ranges. */
  setMesh(spec: Readonly<Record<string, unknown>>): Promise<void>;
  get<T extends KubeObject>(resource: Resource, name: string, namespace?: string): Promise<T | undefined>;
  remove(resource: Resource, name: string, namespace?: string): Promise<void>;
  /** API server and cluster-agent; every connection to them breaks. */
  stopControlPlane(): Promise<void>;
  startControlPlane(): Promise<void>;
  /** `program`: another build than the one that ships. */
  restartClusterAgent(program?: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startBareCluster(spec: BareClusterSpec): Promise<BareCluster> {
  const dir = `${spec.dir}/${spec.name}`;
  await run(['ip', 'addr', 'replace', spec.address, 'dev', 'lo']);
  const api = await startControlPlane({
    name: spec.name,
    dir,
    serviceCIDR: spec.serviceCIDR,
    bindAddress: spec.address,
    port: 6443,
    controllers: 'garbage-collector-controller',
  });
  const loaded = loadKubeconfig(api.kubeconfig('admin'), { now: () => systemClock.now() });
  if (!loaded.ok) throw new Error(loaded.error);
  const client = createKubeClient({ ...loaded.value, userAgent: 'kilofed-lab' }, { clock: systemClock });
  const kubeconfig = `${dir}/admin.kubeconfig`;
  writeFileSync(kubeconfig, api.kubeconfig('admin'), { mode: 0o600 });
  writeFileSync(`${dir}/ca.crt`, api.ca);
  writeFileSync(`${dir}/token`, api.token('admin'), { mode: 0o600 });
  await kubectl(kubeconfig, ['apply', '--server-side', '-f', `${MANIFESTS}/crds`, '-f', `${MANIFESTS}/crds-multicluster.yaml`]);
  await kubectl(kubeconfig, ['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s']);
  const cluster: Pick<BareCluster, 'apply'> = {
    apply: async (object) => must(await applyObject(client, object as KubeObject, { fieldManager: 'lab' })),
  };
  // As cluster.yaml makes it: the hub's Lease is there.
  await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: DEFAULT_NAMESPACE } });
  const setMesh: BareCluster['setMesh'] = (more) =>
    cluster.apply({
      apiVersion: 'kilofed.io/v1alpha1',
      kind: 'Mesh',
      metadata: { name: 'default' },
      spec: { wireguardCIDRs: spec.meshCIDRs, ...more },
    });
  await until('the CRDs to be served', 10_000, async () => {
    await setMesh(spec.meshSpec ?? {});
    // They are established before they are served. An agent that finds one missing comes back a second later: too late to be a gateway.
    for (const resource of [RESOURCE.meshNode, RESOURCE.peer, RESOURCE.nodePolicy, RESOURCE.gatewayReport])
      must(await listObjects(client, resource));
    return true;
  });
  const startAgent = (program = PROGRAM): ChildProcess =>
    start([process.execPath, program, 'cluster-agent', '--kubeconfig', kubeconfig, '--listen', `${inUrl(spec.address)}:9108`], {
      stdio: logTo(`${dir}/log/cluster-agent.log`),
    });
  let agent = startAgent();
  const nodes = new Map<string, BareNode>();
  let count = 0;
  const nextPodCIDRs = (): string[] => spec.podPrefixes.map((prefix) => networkBelow(prefix, count + 1));

  return {
    name: spec.name,
    api,
    client,
    nodes,
    ...cluster,
    setMesh,
    nextPodCIDRs,
    async instruct(name, { unschedulable, annotations }) {
      const said = {
        metadata: { name, ...(annotations === undefined ? {} : { annotations }) },
        ...(unschedulable === undefined ? {} : { spec: { unschedulable } }),
      };
      must(await applyObject(client, { apiVersion: 'v1', kind: 'Node', ...said }, { fieldManager: 'administrator' }));
    },
    async addNode(name, { location, lan, host }) {
      const podCIDRs = nextPodCIDRs();
      count += 1;
      const node = await createNode({ name, dir, podCIDRs, lan, host, server: api.server });
      await cluster.apply({
        apiVersion: 'v1',
        kind: 'Node',
        metadata: { name, labels: { 'topology.kubernetes.io/region': location } },
        spec: { podCIDR: podCIDRs[0], podCIDRs },
      });
      // The kubelet's part. Two addresses of one type cannot be applied: the list's key is the type.
      must(
        await client.call({
          method: 'PATCH',
          path: `${resourcePath(RESOURCE.node, undefined, name)}/status`,
          contentType: 'application/merge-patch+json',
          body: { status: { addresses: node.addresses.map((address) => ({ type: 'InternalIP', address })) } },
        }),
      );
      nodes.set(name, node);
      node.startAgent();
      return node;
    },
    async removeNode(name) {
      const node = nodes.get(name);
      nodes.delete(name);
      await node?.killAgent('SIGKILL');
      node?.pod.namespace.stop();
      node?.namespace.stop();
      must(await deleteObject(client, { resource: RESOURCE.node, name }));
    },
    async get(resource, name, namespace) {
      const found = await getObject(client, { resource, name, ...(namespace === undefined ? {} : { namespace }) });
      return found.ok ? (found.value as never) : undefined;
    },
    async remove(resource, name, namespace) {
      must(await deleteObject(client, { resource, name, ...(namespace === undefined ? {} : { namespace }) }));
    },
    async stopControlPlane() {
      agent.kill('SIGKILL');
      await ended(agent);
      await api.killApiServer();
    },
    async startControlPlane() {
      await api.restartApiServer();
      agent = startAgent();
    },
    async restartClusterAgent(program) {
      agent.kill('SIGTERM');
      await ended(agent);
      agent = startAgent(program);
    },
    async stop() {
      for (const node of nodes.values()) {
        await node.killAgent('SIGKILL');
        node.pod.namespace.stop();
        node.namespace.stop();
      }
      agent.kill('SIGKILL');
      client.close();
      await api.stop();
    },
  };
}

async function createNode(at: {
  readonly name: string;
  readonly dir: string;
  readonly podCIDRs: readonly string[];
  readonly lan: Lan;
  readonly host: number;
  readonly server: string;
}): Promise<BareNode> {
  const stateDir = `${at.dir}/nodes/${at.name}`;
  mkdirSync(stateDir, { recursive: true });
  const namespace = await createNamespace(at.name, stateDir);
  const addresses = await plug(namespace, at.lan, at.host, at.podCIDRs.map(familyOf));
  await namespace.exec(['sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1']);
  await createPodBridge(namespace, at.podCIDRs, POD_MTU);
  const pod = await withFlows(await createPod(namespace, at.podCIDRs, { host: 10, mtu: POD_MTU }));
  const listen = `${inUrl(addresses[0] ?? '')}:9107`;
  const logFile = `${at.dir}/log/node-agent-${at.name}.log`;
  const log = logTo(logFile);
  const wireguard = binaryPath('wireguard-go');
  // As in manifests/cluster.yaml.
  const env = {
    ...process.env,
    NODE_OPTIONS: '--max-semi-space-size=1',
    ...(wireguard === undefined ? {} : { PATH: `${wireguard.replace(/\/[^/]*$/, '')}:${process.env['PATH']}` }),
  };
  let agent: ChildProcess | undefined;
  return {
    name: at.name,
    namespace,
    address: addresses[0] ?? '',
    addresses,
    podCIDR: at.podCIDRs[0] ?? '',
    podCIDRs: at.podCIDRs,
    pod,
    startAgent(program = PROGRAM) {
      agent = namespace.spawn(
        [
          ...[process.execPath, program, 'node-agent', '--node-name', at.name, '--server', at.server],
          ...['--token-file', `${at.dir}/token`, '--ca-file', `${at.dir}/ca.crt`, '--listen', listen, '--wireguard', WIREGUARD],
        ],
        { stdio: log, env },
      );
    },
    killAgent: (signal) =>
      new Promise((resolve) => {
        if (agent === undefined || agent.exitCode !== null || agent.signalCode !== null) return resolve();
        agent.once('exit', () => resolve());
        agent.kill(signal);
        return undefined;
      }),
    agentPid: () => (agent?.exitCode === null && agent.signalCode === null ? agent.pid : undefined),
    metrics: () => fetchText(`http://${listen}/metrics`),
    logged: (text) =>
      readFileSync(logFile, 'utf8')
        .split('\n')
        .filter((line) => line.includes(text)),
    health: () => fetchText(`http://${listen}/healthz`).catch((error: unknown) => String(error)),
  };
}

async function kubectl(kubeconfig: string, args: readonly string[]): Promise<void> {
  const program = binaryPath('kubectl');
  if (program === undefined) throw new Error('kubectl is not built: run `make setup`');
  await run([program, '--kubeconfig', kubeconfig, ...args], { timeoutMs: 60_000 });
}

function must(result: KubeResult<unknown>): void {
  if (!result.ok) throw new Error(result.error.message);
}
