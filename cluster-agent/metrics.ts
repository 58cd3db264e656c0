/**
 * The cluster-agent's metrics.
 */
import { LINK_STATES, type LinkState } from '../core/api/links.js';
import { VERSION } from '../core/api/version.js';
import type { ReconcileResult } from '../core/workqueue/queue.js';
import type { TextMetrics } from '../kube/wire/textMetrics.js';
import type { LinkEvent } from './linkEvents.js';
import type { ClusterPlan } from './planCluster.js';

export interface ClusterAgentMetrics {
  planned(plan: ClusterPlan, nodes: number): void;
  /** How many links there are, by state. */
  linked(counts: Readonly<Record<LinkState, number>>): void;
  /** A link, or the gateway that it uses, has changed. */
  linkChanged(reason: LinkEvent['reason']): void;
  /** Whether it stands in for a hub that is away. */
  standsIn(is: boolean): void;
  reconciled(seconds: number, result: ReconcileResult['kind']): void;
  /** A write request is about to be sent. */
  wrote(kind: string): void;
}

export function createClusterAgentMetrics(metrics: TextMetrics): ClusterAgentMetrics {
  const nodes = metrics.gauge('kilofed_cluster_nodes', 'Nodes of the cluster.');
  const meshed = metrics.gauge('kilofed_cluster_mesh_nodes', 'MeshNodes of the cluster, by readiness.');
  const segments = metrics.gauge('kilofed_cluster_segments', 'Segments of the cluster.');
  const gateways = metrics.gauge('kilofed_cluster_gateways', 'Nodes that hold a gateway slot.');
  const peers = metrics.gauge('kilofed_cluster_peers', 'Peers of the cluster, by readiness.');
  const ready = metrics.gauge('kilofed_cluster_ready', '1 if the Mesh is Ready, else 0.');
  const links = metrics.gauge('kilofed_cluster_links', 'Links from segments of the cluster to others, by state.');
  const linkChanges = metrics.counter(
    'kilofed_cluster_link_changes_total',
    'Changes of links and of the gateways that they use, by reason.',
  );
  const standsIn = metrics.gauge(
    'kilofed_cluster_hub_away',
    '1 while the hub is away, and the readiness of its mirrors follows the links of this cluster, else 0.',
  );
  standsIn.set(0);
  const duration = metrics.histogram('kilofed_cluster_reconcile_seconds', 'Time to plan and write.', [0.005, 0.02, 0.1, 0.5, 2, 10]);
  const reconciles = metrics.counter('kilofed_cluster_reconciles_total', 'Reconciles, by result.');
  const writes = metrics.counter('kilofed_cluster_writes_total', 'Write requests, by kind.');
  metrics.gauge('kilofed_build_info', 'Version of this program, 1.').set(1, { program: 'cluster-agent', version: VERSION });
  return {
    planned({ mesh, meshNodes, peers: planned }, count) {
      const fine = [...meshNodes.values()].filter(({ conditions }) => conditions.every(({ status }) => status === 'True')).length;
      nodes.set(count);
      meshed.set(fine, { ready: 'true' });
      meshed.set(meshNodes.size - fine, { ready: 'false' });
      segments.set(mesh.segments.length);
      gateways.set(mesh.segments.reduce((sum, segment) => sum + segment.gateways.length, 0));
      for (const state of ['True', 'False', 'Unknown']) {
        peers.set([...planned.values()].filter(({ conditions }) => conditions.some(({ status }) => status === state)).length, {
          ready: state.toLowerCase(),
        });
      }
      ready.set(mesh.conditions.every(({ status }) => status === 'True') ? 1 : 0);
    },
    linked(counts) {
      for (const state of LINK_STATES) links.set(counts[state], { state });
    },
    standsIn: (is) => standsIn.set(is ? 1 : 0),
    linkChanged: (reason) => linkChanges.add(1, { reason }),
    reconciled(seconds, result) {
      duration.observe(seconds);
      reconciles.add(1, { result });
    },
    wrote: (kind) => writes.add(1, { kind }),
  };
}
