/**
 * Whether pods of a cluster can resolve names in clusterset.local: what CoreDNS itself answers, and what the cluster's objects say stands
 * in its way. It is served only where CoreDNS was asked, and answered.
 */
import type { Result } from '../runtime/result.js';
import { coreDnsVersion, hasMulticluster, OLDEST_COREDNS } from './coreDnsVersion.js';
import type { DnsFacts } from './facts.js';
import { isTold } from './planDns.js';
import { CLUSTERSET_ZONE } from './stanza.js';

/** A pod of CoreDNS, asked for the zone. */
export interface PodAnswer {
  readonly pod: string;
  /** Or why it could not be asked. */
  readonly answers: Result<boolean>;
}

export interface DnsStatus {
  /**
   * served: every pod of CoreDNS that could be asked answers, and nothing else stands in the way. configured: no pod could be asked.
   * unknown: the Corefile is not understood, and no pod could be asked.
   */
  readonly state: 'served' | 'configured' | 'broken' | 'absent' | 'unknown';
  readonly configMap: string;
  /** `Deployment coredns`, and of which version where its image tells it. */
  readonly server?: string;
  readonly version?: string;
  /** Whether CoreDNS may read ServiceImports; absent: who asks may not know. */
  readonly allowed?: boolean;
  /** Of those that could be asked. */
  readonly pods: readonly { readonly pod: string; readonly answers: boolean }[];
  /** What stands in the way, and what to do. */
  readonly problems: readonly string[];
}

export function dnsStatus(facts: DnsFacts, answers: readonly PodAnswer[]): DnsStatus {
  const { namespace, config, server, allowed } = facts;
  const told = isTold(facts);
  const version = server === undefined ? undefined : coreDnsVersion(server.image);
  const pods = answers.flatMap(({ pod, answers: each }) => (each.ok ? [{ pod, answers: each.value }] : []));
  const obstacles = isWanted(told, pods) ? [...problemsOf(facts, version), ...silentOnes(pods)] : [];
  return {
    state: stateOf(told, pods, obstacles),
    configMap: `${namespace}/${config.metadata.name}`,
    ...(server !== undefined && { server: server.name }),
    ...(version !== undefined && { version }),
    ...(allowed !== undefined && { allowed }),
    pods,
    problems: [
      ...(told.ok ? [] : [`the Corefile is not understood: ${told.error}`]),
      ...obstacles,
      ...answers.flatMap(({ pod, answers: each }) => (each.ok ? [] : [`${pod} could not be asked: ${each.error}`])),
    ],
  };
}

type Told = ReturnType<typeof isTold>;

function isWanted(told: Told, pods: DnsStatus['pods']): boolean {
  return (told.ok && told.value) || pods.some(({ answers }) => answers);
}

function stateOf(told: Told, pods: DnsStatus['pods'], obstacles: readonly string[]): DnsStatus['state'] {
  if (!isWanted(told, pods)) return told.ok ? 'absent' : pods.length > 0 ? 'absent' : 'unknown';
  if (obstacles.length > 0) return 'broken';
  return pods.length > 0 ? 'served' : 'configured';
}

function silentOnes(pods: DnsStatus['pods']): readonly string[] {
  const silent = pods.filter(({ answers }) => !answers).map(({ pod }) => pod);
  return silent.length === 0
    ? []
    : [
        `${silent.join(', ')} does not answer for ${CLUSTERSET_ZONE}: CoreDNS reads a changed Corefile within about two minutes; ` +
          'if it has not, its log says why',
      ];
}

/** Of a CoreDNS that is told of the zone. */
function problemsOf({ server, kinds, allowed, nodeLocal }: DnsFacts, version: string | undefined): readonly string[] {
  const old = version !== undefined && !hasMulticluster(version);
  return [
    ...(server === undefined ? ['nothing in that namespace mounts the ConfigMap: is it that of CoreDNS?'] : []),
    ...(old ? [`CoreDNS ${version} does not know the option, and does not start with it: it needs ${OLDEST_COREDNS} or newer`] : []),
    ...(kinds ? [] : ['the API server has no ServiceImports: CoreDNS is not ready without them. Apply manifests/crds-multicluster.yaml']),
    ...(allowed === false ? ['CoreDNS may not read ServiceImports, and is not ready without: run kilofed dns enable'] : []),
    ...(nodeLocal?.sendsZone === false ? [`the node-local cache ${nodeLocal.name} does not send ${CLUSTERSET_ZONE} to CoreDNS`] : []),
  ];
}
