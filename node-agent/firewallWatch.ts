/**
 * Looks whether a firewall of this host drops what the mesh needs: once a minute while probes fail or one is known to, else every ten
 * minutes, since nothing probes what pods send. And whether the network beside this host does. Loaded beside all else.
 */
import type { MeshNode } from '../core/api/meshNode.js';
import type { Problem } from '../core/api/problem.js';
import type { PathStatus } from '../core/failover/effects.js';
import { explainFirewall, type Failing, type MeshTraffic } from '../core/hostFirewall/explainFirewall.js';
import { parseTable } from '../core/hostFirewall/ruleset.js';
import type { ProbePath } from '../core/mesh/probing.js';
import { familyName } from '../core/net/family.js';
import type { Clock } from '../core/runtime/clock.js';
import type { Log } from '../core/runtime/log.js';
import { pause } from '../core/runtime/pause.js';
import type { Cluster } from './cluster.js';
import type { Prober } from './probe/prober.js';
import type { Knock } from './report/knock.js';
import { silentNeighbours } from './silentNeighbours.js';
import type { CurrentHost, HostView } from './view/hostView.js';

export interface FirewallWatch {
  /** Until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
  /** As it was found last. */
  problems(): readonly Problem[];
}

interface FirewallWatchDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly host: { othersTables(): Promise<readonly string[]> };
  readonly nodeName: string;
  readonly view: Pick<HostView, 'current'>;
  readonly cluster: Pick<Cluster, 'inputs'>;
  readonly prober: Pick<Prober, 'status'>;
  readonly knock: Knock;
  /** `problems` says something else now. */
  onChange(): void;
}

export function createFirewallWatch(deps: FirewallWatchDeps): FirewallWatch {
  const { clock, log, host } = deps;
  let problems: readonly Problem[] = [];
  let lookedAt = clock.now() + FIRST_MS - CALM_MS;

  async function round(): Promise<void> {
    const current = deps.view.current();
    const inputs = deps.cluster.inputs();
    const own = inputs?.meshNodes.find(({ metadata }) => metadata.name === deps.nodeName);
    if (current === undefined || inputs === undefined || own === undefined) return;
    const paths = deps.prober.status();
    const traffic = trafficOf(current, own, paths);
    const isCalm = traffic.tunnelsFail === 'none' && traffic.insideFails === 'none' && problems.length === 0;
    if (clock.now() - lookedAt < (isCalm ? CALM_MS : MINUTE_MS)) return;
    lookedAt = clock.now();
    const tables = await host.othersTables();
    const { mesh, meshNodes: nodes } = inputs;
    const found = [
      ...explainFirewall(
        tables.flatMap((text) => parseTable(text) ?? []),
        traffic,
      ),
      ...(mesh === undefined ? [] : await silentNeighbours({ mesh: mesh.spec, own, nodes, paths, knock: deps.knock })),
    ];
    if (JSON.stringify(found) === JSON.stringify(problems)) return;
    problems = found;
    deps.onChange();
  }

  return {
    async run(signal) {
      while (!signal.aborted) {
        await pause(ROUND_MS, signal, clock);
        if (!signal.aborted) await round().catch((error: unknown) => log.warn('The firewall of this host cannot be read', { error }));
      }
    },
    problems: () => problems.slice(0, TOLD),
  };
}

const ROUND_MS = 5000;
const FIRST_MS = 30_000;
const MINUTE_MS = 60_000;
const CALM_MS = 10 * MINUTE_MS;
/** For so long a path fails before that counts. */
const PATIENCE_MS = 10_000;
const TOLD = 4;

function trafficOf({ plan, model }: CurrentHost, { spec }: MeshNode, paths: readonly PathStatus[]): MeshTraffic {
  const { interfaces, encapsulation } = plan;
  const { underlay } = model.state();
  const isDialled = spec.endpoints.length > 0 && spec.persistentKeepalive === 0;
  return {
    node: plan.node,
    ports: isDialled ? interfaces.map(({ listenPort }) => listenPort) : [],
    devices: [...interfaces, ...(encapsulation === undefined ? [] : [encapsulation])].map(({ name }) => name),
    underlay: [underlay, underlay?.inet6].flatMap((each) => (each === undefined ? [] : [each.dev])),
    hasVxlan: encapsulation?.kind === 'vxlan',
    podCIDRs: spec.podCIDRs,
    families: familiesOf(spec.internalIPs),
    meshFamilies: familiesOf(plan.meshAddresses),
    tunnelsFail: failing(paths, 'tunnel'),
    insideFails: failing(paths, 'lan'),
  };
}

function familiesOf(addresses: readonly string[]): MeshTraffic['families'] {
  return [...new Set(addresses.map((text) => (familyName(text) === 'inet' ? 'ip' : 'ip6')))];
}

function failing(paths: readonly PathStatus[], kind: ProbePath['kind']): Failing {
  const all = paths.filter(({ path }) => path.kind === kind);
  const bad = all.filter(({ state, forMs }) => state !== 'up' && forMs >= PATIENCE_MS);
  return bad.length === 0 ? 'none' : bad.length === all.length ? 'all' : 'some';
}
