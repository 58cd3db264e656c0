/**
 * Whether pods of a cluster can resolve names in clusterset.local, as far as its objects say, and what to do where not.
 */
import { coreDnsVersion, hasMulticluster, OLDEST_COREDNS } from './coreDnsVersion.js';
import type { DnsFacts } from './facts.js';
import { isTold } from './planDns.js';
import { CLUSTERSET_ZONE } from './stanza.js';

export interface DnsStatus {
  /** True: CoreDNS is told of the zone, and nothing that is known stands in its way. */
  readonly served: boolean;
  readonly configMap: string;
  /** `Deployment coredns`, and of which version where its image tells it. */
  readonly server?: string;
  readonly version?: string;
  /** Whether the Corefile has the zone. */
  readonly configured: boolean;
  /** Whether CoreDNS may read ServiceImports; absent: who asks may not know. */
  readonly allowed?: boolean;
  /** What stands in the way, and what to do. */
  readonly problems: readonly string[];
}

export function dnsStatus(facts: DnsFacts): DnsStatus {
  const { namespace, config, server, allowed } = facts;
  const told = isTold(facts);
  const version = server === undefined ? undefined : coreDnsVersion(server.image);
  const problems = told.ok && !told.value ? [] : problemsOf(facts, version);
  const unread = told.ok ? [] : [`the Corefile is not understood: ${told.error}`];
  return {
    served: told.ok && told.value && problems.length === 0,
    configMap: `${namespace}/${config.metadata.name}`,
    ...(server !== undefined && { server: server.name }),
    ...(version !== undefined && { version }),
    configured: told.ok && told.value,
    ...(allowed !== undefined && { allowed }),
    problems: [...unread, ...problems],
  };
}

/** Of a CoreDNS that is told of the zone, or may be. */
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
