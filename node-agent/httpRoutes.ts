/**
 * What the node-agent serves over HTTP: its health, and its metrics, which are brought up to date when somebody asks.
 */
import type { Clock } from '../core/runtime/clock.js';
import type { Routes } from '../kube/wire/httpServer.js';
import type { TextMetrics } from '../kube/wire/textMetrics.js';
import type { Cluster } from './cluster.js';
import type { Host } from './host/host.js';
import type { HostView } from './view/hostView.js';
import type { Loop } from './loop.js';
import type { AgentMetrics } from './metrics.js';
import type { Prober } from './probe/prober.js';

interface HttpRoutesDeps {
  readonly clock: Pick<Clock, 'now'>;
  readonly host: Pick<Host, 'tunnels' | 'counters'>;
  readonly view: Pick<HostView, 'plan'>;
  readonly cluster: Pick<Cluster, 'disconnection'>;
  readonly prober: Pick<Prober, 'status' | 'missingSockets' | 'isDraining'>;
  readonly loop: Pick<Loop, 'health'>;
  readonly metrics: TextMetrics;
  readonly agentMetrics: Pick<AgentMetrics, 'role' | 'draining' | 'apiserverDisconnected' | 'paths' | 'tunnels' | 'denied'>;
}

export function httpRoutes({ clock, host, view, cluster, prober, loop, metrics, agentMetrics }: HttpRoutesDeps): Routes {
  return {
    '/healthz': () => {
      const { ok, text } = loop.health();
      return { status: ok ? 200 : 503, body: `${text}\n` };
    },
    '/metrics': async () => {
      const plan = view.plan();
      const interfaces = plan?.interfaces ?? [];
      const disconnection = cluster.disconnection();
      agentMetrics.role(plan?.role);
      agentMetrics.draining(prober.isDraining());
      agentMetrics.apiserverDisconnected(disconnection === undefined ? 0 : clock.now() - disconnection.since);
      agentMetrics.paths(prober.status(), prober.missingSockets().length);
      agentMetrics.tunnels(interfaces, await host.tunnels(interfaces.map(({ name }) => name)));
      const members = plan?.firewall.members?.members ?? [];
      agentMetrics.denied(members, members.length === 0 ? new Map() : await host.counters());
      return { status: 200, contentType: 'text/plain; version=0.0.4', body: metrics.render() };
    },
  };
}
