/**
 * The DaemonSet of the node-agents, turned into one that cleans each node: the same pods in the same places, with the same view of the
 * host. Kubernetes starts a pod on a node only when the one before has ended there, so no agent puts back what is removed. A pod that is
 * initialized says that its node is clean. It need not be ready, nor its node: where Kilofed was the network plugin, a clean node has none,
 * and so it is not ready. A node that is away is cleaned when it returns.
 */
import type { KubeObject } from '../api/resources.js';

interface Container {
  readonly name: string;
  readonly image?: string;
  readonly args?: readonly string[];
  readonly [field: string]: unknown;
}

export interface DaemonSet extends KubeObject {
  readonly spec: {
    readonly selector: unknown;
    readonly template: {
      readonly metadata?: unknown;
      readonly spec: { readonly containers: readonly Container[]; readonly [field: string]: unknown };
    };
    readonly [field: string]: unknown;
  };
  readonly status?: { readonly observedGeneration?: number; readonly desiredNumberScheduled?: number };
}

export interface AgentPod extends KubeObject {
  readonly spec: { readonly nodeName?: string; readonly containers: readonly { readonly name: string }[] };
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly message?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
  };
}

interface ContainerStatus {
  readonly restartCount?: number;
  readonly state?: { readonly waiting?: { readonly reason?: string; readonly message?: string } };
}

/** Each name of a container says what its pods do. */
const CLEAN_UP = 'clean-up';
const CLEANED = 'cleaned';
const AGENT = 'node-agent';
/** Nodes that stand for no machine, by a label. */
const NO_MACHINE = { type: 'virtual-kubelet', 'eks.amazonaws.com/compute-type': 'fargate' };

/** Whether its pods clean nodes already. */
export function cleansUp(daemonSet: DaemonSet): boolean {
  return daemonSet.spec.template.spec.containers.some(({ name }) => name === CLEANED);
}

/** What a merge patch (RFC 7396) of `installed` has to say; undefined: there is no node-agent in it. */
export function cleanUpPatch(installed: DaemonSet): object | undefined {
  const agent = installed.spec.template.spec.containers.find(({ name }) => name === AGENT);
  if (agent === undefined) return undefined;
  const { resourceVersion, uid } = installed.metadata;
  return {
    metadata: { resourceVersion, uid },
    spec: {
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '100%', maxSurge: 0 } },
      template: { spec: cleanUpContainers(agent) },
    },
  };
}

interface Anew {
  readonly namespace: string;
  readonly image: string;
  /** Of CNI configurations, on the host. */
  readonly cniFolder: string;
}

/** One for a cluster whose node-agents are gone, though not what they did. */
export function cleanUpDaemonSet({ namespace, image, cniFolder }: Anew): DaemonSet {
  const labels = { 'app.kubernetes.io/name': 'kilofed-node-agent' };
  const folders = { state: '/var/lib/kilofed', wireguard: '/var/run/wireguard', cni: '/etc/cni/net.d' };
  const agent: Container = {
    name: AGENT,
    image,
    args: ['node-agent', '--host-namespace', '/proc/1'],
    env: [{ name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }],
    securityContext: { privileged: true, readOnlyRootFilesystem: true },
    volumeMounts: [
      ...Object.entries(folders).map(([name, mountPath]) => ({ name, mountPath })),
      { name: 'xtables-lock', mountPath: '/run/xtables.lock' },
    ],
  };
  const machines = Object.entries(NO_MACHINE).map(([key, value]) => ({ key, operator: 'NotIn', values: [value] }));
  const folder = (name: string, path: string): object => ({ name, hostPath: { path, type: 'DirectoryOrCreate' } });
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: AGENT, namespace, labels },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          hostNetwork: true,
          hostPID: true,
          dnsPolicy: 'Default',
          nodeSelector: { 'kubernetes.io/os': 'linux' },
          affinity: {
            nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: machines }] } },
          },
          tolerations: [{ operator: 'Exists' }],
          terminationGracePeriodSeconds: 5,
          volumes: [
            ...[folder('state', folders.state), folder('wireguard', folders.wireguard), folder('cni', cniFolder)],
            { name: 'xtables-lock', hostPath: { path: '/run/xtables.lock', type: 'FileOrCreate' } },
          ],
          ...cleanUpContainers(agent),
        },
      },
    },
  };
}

function cleanUpContainers(agent: Container): { readonly initContainers: readonly Container[]; readonly containers: readonly Container[] } {
  const { readinessProbe: _probe, livenessProbe: _alive, startupProbe: _start, ports: _ports, lifecycle: _lifecycle, ...kept } = agent;
  const { image, imagePullPolicy } = agent;
  return {
    initContainers: [{ ...kept, name: CLEAN_UP, args: [...(agent.args ?? ['node-agent']), '--clean-up', '--purge'] }],
    containers: [
      {
        name: CLEANED,
        ...(image !== undefined && { image }),
        ...(imagePullPolicy !== undefined && { imagePullPolicy }),
        command: ['sleep', '2147483647'],
        securityContext: {
          allowPrivilegeEscalation: false,
          runAsNonRoot: true,
          runAsUser: 65534,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
        // What starts a container counts as part of it, and needs more than this program.
        resources: { requests: { cpu: '1m', memory: '16Mi' }, limits: { memory: '128Mi' } },
      },
    ],
  };
}

export interface NodesProgress {
  /** Names, sorted. */
  readonly clean: readonly string[];
  readonly waiting: readonly { readonly node: string; readonly why: string }[];
  /** So many more should have a pod that cleans them, and have none. */
  readonly missing: number;
  readonly done: boolean;
}

interface Seen {
  readonly daemonSet: DaemonSet;
  readonly pods: readonly AgentPod[];
  /** Names of nodes that do not answer. */
  readonly away: ReadonlySet<string>;
}

export function nodesProgress({ daemonSet, pods, away }: Seen): NodesProgress {
  const nodes = [...new Set(pods.flatMap(({ spec }) => spec.nodeName ?? []))];
  const states = nodes.map((node) => {
    const its = pods.filter(({ spec }) => spec.nodeName === node);
    return { node, why: its.every(isClean) ? undefined : whyNot(node, its, away) };
  });
  const clean = states.flatMap(({ node, why }) => (why === undefined ? [node] : [])).toSorted();
  const waiting = states
    .flatMap(({ node, why }) => (why === undefined ? [] : [{ node, why }]))
    .toSorted((a, b) => (a.node < b.node ? -1 : 1));
  const { observedGeneration = 0, desiredNumberScheduled = 0 } = daemonSet.status ?? {};
  const isObserved = observedGeneration >= (daemonSet.metadata.generation ?? 1);
  const missing = isObserved ? Math.max(0, desiredNumberScheduled - nodes.length) : 0;
  return { clean, waiting, missing, done: isObserved && waiting.length === 0 && missing === 0 };
}

function isClean(pod: AgentPod): boolean {
  const { spec, status, metadata } = pod;
  return (
    metadata.deletionTimestamp === undefined &&
    spec.containers.some(({ name }) => name === CLEANED) &&
    status?.conditions?.some(({ type, status: is }) => type === 'Initialized' && is === 'True') === true
  );
}

function whyNot(node: string, pods: readonly AgentPod[], away: ReadonlySet<string>): string {
  if (away.has(node)) return 'the node is not ready';
  const [pod] = pods;
  if (pod === undefined || pods.some(({ spec }) => !spec.containers.some(({ name }) => name === CLEANED)))
    return 'its node-agent is ending';
  return podState(pod);
}

function podState({ metadata, status }: AgentPod): string {
  const { phase, reason: rejected, message: because } = status ?? {};
  if (phase === 'Failed') return texts(rejected ?? 'its pod has failed', because);
  const [cleaning] = status?.initContainerStatuses ?? [];
  const { reason, message } = cleaning?.state?.waiting ?? {};
  if ((cleaning?.restartCount ?? 0) > 0)
    return `something could not be removed: kubectl -n ${metadata.namespace} logs ${metadata.name} -c ${CLEAN_UP}`;
  return reason === undefined || reason === 'PodInitializing' ? 'it is being cleaned' : texts(reason, message);
}

function texts(...all: readonly (string | undefined)[]): string {
  return all.filter(Boolean).join(': ');
}
