/**
 * What the node-agent counts.
 */
import type { PathStatus } from '../core/failover/failover.js';
import type { HostState } from '../core/host/state.js';
import type { TextMetrics } from '../kube/wire/textMetrics.js';

export interface AgentMetrics {
  passed(seconds: number, result: 'matched' | 'waiting' | 'failed'): void;
  applied(state: HostState, changes: number, failures: number): void;
  /** Traffic of so many segments took another way. */
  switched(segments: number): void;
  paths(paths: readonly PathStatus[]): void;
  healed(what: 'peer' | 'interface'): void;
}

export function createAgentMetrics(metrics: TextMetrics, wall: () => number): AgentMetrics {
  const duration = metrics.histogram('kilofed_node_reconcile_seconds', 'Time of one pass over the host.', [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5]);
  const passes = metrics.counter('kilofed_node_reconciles_total', 'Passes over the host, by result.');
  const changes = metrics.counter('kilofed_node_changes_total', 'Changes made to the host.');
  const failed = metrics.counter('kilofed_node_failures_total', 'Changes to the host that failed.');
  const peers = metrics.gauge('kilofed_node_peers', 'WireGuard peers, by interface.');
  const routes = metrics.gauge('kilofed_node_routes', 'Routes of ours.');
  const handshakes = metrics.gauge('kilofed_node_handshake_age_seconds', 'Age of the newest and of the oldest latest handshake, by interface, as of the last observation; peers without one are left out.');
  const silent = metrics.gauge('kilofed_node_peers_without_handshake', 'Peers that never completed a handshake, by interface.');
  const switches = metrics.counter('kilofed_node_switches_total', 'How often traffic to a segment took another way, as probes decided.');
  const pathUp = metrics.gauge('kilofed_node_path_up', 'Whether a probed path works (1), does not (0), or is not known yet (absent).');
  const pathUsed = metrics.gauge('kilofed_node_path_in_use', 'Whether traffic with a choice takes this path now.');
  const pathRtt = metrics.gauge('kilofed_node_path_rtt_seconds', 'Smoothed round-trip time of a probed path.');
  const pathLoss = metrics.gauge('kilofed_node_path_loss_ratio', 'Share of about the last hundred probes that got no answer.');
  const healings = metrics.counter('kilofed_node_tunnel_healings_total', 'Deaf tunnels that were made anew, the peer or its whole interface.');
  switches.add(0);
  return {
    healed: (what) => healings.add(1, { what }),
    switched: (segments) => switches.add(segments),
    paths(paths) {
      for (const metric of [pathUp, pathUsed, pathRtt, pathLoss]) metric.clear();
      for (const { path, state, inUse, rttMs, loss } of paths) {
        const labels = { path: path.name, kind: path.kind };
        if (state !== 'new') pathUp.set(state === 'up' ? 1 : 0, labels);
        pathUsed.set(inUse ? 1 : 0, labels);
        if (rttMs !== undefined) pathRtt.set(rttMs / 1000, labels);
        pathLoss.set(loss, labels);
      }
    },
    passed(seconds, result) {
      duration.observe(seconds);
      passes.add(1, { result });
    },
    applied(state, done, failures) {
      changes.add(done);
      failed.add(failures);
      routes.set(state.routes.size);
      for (const metric of [peers, handshakes, silent]) metric.clear();
      for (const [name, { peers: all }] of state.wireguard) {
        const times = [...all.values()].map((peer) => peer.lastHandshake).filter((time) => time > 0);
        const now = Math.floor(wall() / 1000);
        peers.set(all.size, { interface: name });
        silent.set(all.size - times.length, { interface: name });
        if (times.length === 0) continue;
        // Reduced, not spread: there may be thousands.
        handshakes.set(now - times.reduce((a, b) => Math.max(a, b)), { interface: name, which: 'newest' });
        handshakes.set(now - times.reduce((a, b) => Math.min(a, b)), { interface: name, which: 'oldest' });
      }
    },
  };
}
