/**
 * What the node-agent counts.
 */
import { type Problem, subjectText } from '../core/api/problem.js';
import { VERSION } from '../core/api/version.js';
import type { PathStatus, Switch } from '../core/failover/effects.js';
import { deniedCounter } from '../core/host/memberRules.js';
import type { HostRepair } from '../core/tunnels/repair.js';
import type { HostState, PeerState } from '../core/host/state.js';
import type { MemberAccess, NodePlan, WireguardInterface } from '../core/mesh/plan.js';
import type { TextMetrics } from '../kube/wire/textMetrics.js';

export interface AgentMetrics {
  passed(seconds: number, result: 'matched' | 'waiting' | 'failed'): void;
  applied(state: HostState, changes: number, failures: number): void;
  /** Traffic to these segments took another path. */
  switched(switches: readonly Pick<Switch, 'segment'>[]): void;
  /** `missing`: sockets that probes lack. */
  paths(paths: readonly PathStatus[], missing: number): void;
  /** What WireGuard counts, with the names that the plan gives its peers. */
  tunnels(interfaces: readonly WireguardInterface[], states: HostState['wireguard']): void;
  /** A failed tunnel. */
  repaired(kind: HostRepair['kind']): void;
  leftOut(problems: readonly Problem[]): void;
  /** What members may not reach; `counts`: packets, by the name of the firewall's counter. */
  denied(members: readonly Pick<MemberAccess, 'name'>[], counts: ReadonlyMap<string, number>): void;
  /** What this node is in its segment; undefined: there is no plan yet. */
  role(role: NodePlan['role'] | undefined): void;
  /** Others are asked to use other gateways. */
  draining(draining: boolean): void;
  /** How long the API server has not been followed, in ms; 0: it is. */
  apiserverDisconnected(ms: number): void;
}

export function createAgentMetrics(metrics: TextMetrics, wall: () => number): AgentMetrics {
  const duration = metrics.histogram(
    'kilofed_node_reconcile_seconds',
    'Time of one pass over the host.',
    [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
  );
  const passes = metrics.counter('kilofed_node_reconciles_total', 'Passes over the host, by result.');
  const changes = metrics.counter('kilofed_node_changes_total', 'Changes made to the host.');
  const failed = metrics.counter('kilofed_node_failures_total', 'Changes to the host that failed.');
  const peers = metrics.gauge('kilofed_node_peers', 'WireGuard peers, by interface.');
  const routes = metrics.gauge('kilofed_node_routes', 'Routes of ours.');
  const silent = metrics.gauge('kilofed_node_peers_without_handshake', 'Peers that never completed a handshake, by interface.');
  const handshakes = metrics.gauge(
    'kilofed_node_peer_handshake_age_seconds',
    'Age of the latest handshake with a peer; absent: there was none.',
  );
  const received = metrics.counter('kilofed_node_peer_received_bytes_total', 'What WireGuard received from a peer.');
  const sent = metrics.counter('kilofed_node_peer_sent_bytes_total', 'What WireGuard sent to a peer.');
  const switches = metrics.counter(
    'kilofed_node_switches_total',
    'How often traffic to a segment was moved to another path, as probes decided.',
  );
  const pathUp = metrics.gauge('kilofed_node_path_up', 'Whether a probed path works (1), does not (0), or is not known yet (absent).');
  const pathUsed = metrics.gauge('kilofed_node_path_in_use', 'Whether traffic with a choice takes this path now.');
  const pathRtt = metrics.gauge('kilofed_node_path_rtt_seconds', 'Smoothed round-trip time of a probed path.');
  const pathLoss = metrics.gauge('kilofed_node_path_loss_ratio', 'Share of about the last hundred probes that got no answer.');
  const sockets = metrics.gauge(
    'kilofed_node_probe_sockets_missing',
    'Sockets for probes that could not be opened for five seconds; unless 0, others take this node for dead, and its log says what to do.',
  );
  const repairs = metrics.counter(
    'kilofed_node_tunnel_repairs_total',
    'Repairs of failed tunnels, by kind: peer or interface recreated, configured endpoint set again, observed endpoint tried.',
  );
  const leftOut = metrics.gauge('kilofed_node_problems', 'Parts of the mesh that are left out, 1 each. The log says what to do.');
  const denied = metrics.counter(
    'kilofed_node_denied_packets_total',
    'Packets of another member that were rejected here by spec.fromMembers of the Mesh, or in audit would have been.',
  );
  const role = metrics.gauge(
    'kilofed_node_role',
    'What the node is in its segment, 1: a gateway in a slot, or a member. Absent: it has no plan yet.',
  );
  const draining = metrics.gauge('kilofed_node_draining', 'Whether others are asked to use other gateways of the segment (1).');
  const silence = metrics.gauge(
    'kilofed_node_apiserver_disconnected_seconds',
    'Seconds since the API server was last reachable; 0 while it is.',
  );
  metrics.gauge('kilofed_build_info', 'Version of this program, 1.').set(1, { program: 'node-agent', version: VERSION });
  switches.add(0);
  role.clear();
  return {
    repaired: (kind) => repairs.add(1, { kind }),
    leftOut(problems) {
      leftOut.clear();
      for (const { subject, reason } of problems) leftOut.set(1, { subject: subjectText(subject), reason });
    },
    denied(members, counts) {
      denied.clear();
      for (const { name } of members) denied.set(counts.get(deniedCounter(name)) ?? 0, { member: name });
    },
    role(now) {
      role.clear();
      if (now !== undefined) role.set(1, now.kind === 'gateway' ? { role: 'gateway', slot: String(now.slot) } : { role: 'member' });
    },
    draining: (now) => draining.set(now ? 1 : 0),
    apiserverDisconnected: (ms) => silence.set(ms / 1000),
    switched(done) {
      for (const { segment } of done) switches.add(1, { segment });
    },
    paths(paths, missing) {
      sockets.set(missing);
      for (const metric of [pathUp, pathUsed, pathRtt, pathLoss]) metric.clear();
      for (const { path, state, inUse, rttMs, loss } of paths) {
        const labels = { path: path.name, kind: path.kind };
        if (state !== 'new') pathUp.set(state === 'up' ? 1 : 0, labels);
        pathUsed.set(inUse ? 1 : 0, labels);
        if (rttMs !== undefined) pathRtt.set(rttMs / 1000, labels);
        pathLoss.set(loss, labels);
      }
    },
    tunnels(interfaces, states) {
      for (const metric of [peers, silent, handshakes, received, sent]) metric.clear();
      for (const { name, peers: planned } of interfaces) {
        const all = states.get(name)?.peers ?? NO_PEERS;
        peers.set(all.size, { interface: name });
        silent.set([...all.values()].filter(({ lastHandshake }) => lastHandshake === 0).length, { interface: name });
        for (const { publicKey, owner } of planned) {
          const state = all.get(publicKey);
          if (state === undefined) continue;
          const labels = { interface: name, peer: subjectText(owner) };
          if (state.lastHandshake > 0) handshakes.set(Math.max(0, Math.floor(wall() / 1000) - state.lastHandshake), labels);
          received.set(state.receivedBytes, labels);
          sent.set(state.sentBytes, labels);
        }
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
    },
  };
}

const NO_PEERS: ReadonlyMap<string, PeerState> = new Map();
