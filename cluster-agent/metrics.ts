/**
 * What the cluster-agent counts.
 */
import { VERSION } from '../core/api/version.js';
import type { ReconcileResult } from '../core/workqueue/queue.js';
import type { TextMetrics } from '../kube/wire/textMetrics.js';
import type { ClusterPlan } from './planCluster.js';

export interface ClusterAgentMetrics {
  planned(plan: ClusterPlan, nodes: number): void;
  reconciled(seconds: number, result: ReconcileResult['kind']): void;
  /** A write request is about to be sent. */
  wrote(kind: string): void;
}

export function createClusterAgentMetrics(metrics: TextMetrics): ClusterAgentMetrics {
  const nodes = metrics.gauge('kilofed_cluster_nodes', 'Nodes of the cluster.');
  const meshed = metrics.gauge('kilofed_cluster_mesh_nodes', 'MeshNodes of the cluster, by whether they are ready.');
  const segments = metrics.gauge('kilofed_cluster_segments', 'Segments of the cluster.');
  const gateways = metrics.gauge('kilofed_cluster_gateways', 'Nodes that hold a gateway slot.');
  const peers = metrics.gauge('kilofed_cluster_peers', 'Peers of the cluster, by their condition Ready.');
  const ready = metrics.gauge('kilofed_cluster_ready', '1 where nothing is wrong with the Mesh, else 0.');
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
        peers.set([...planned.values()].filter(({ conditions }) => conditions.some(({ status }) => status === state)).length, { ready: state.toLowerCase() });
      }
      ready.set(mesh.conditions.every(({ status }) => status === 'True') ? 1 : 0);
    },
    reconciled(seconds, result) {
      duration.observe(seconds);
      reconciles.add(1, { result });
    },
    wrote: (kind) => writes.add(1, { kind }),
  };
}
