/**
 * One reconciliation of the host: plans the node from the inputs, decides about Kilo, and makes the host match.
 */
import { KERNEL_RELEASE } from '../core/host/diffSysctls.js';
import { tellPlainGroups } from '../core/host/plainGroups.js';
import type { Mesh } from '../core/api/mesh.js';
import type { Problem } from '../core/api/problem.js';
import type { Resolver } from '../core/dns/resolver.js';
import { type MissingSocket, socketProblems } from '../core/failover/socketProblems.js';
import { withPluginNames } from '../core/host/pluginNames.js';
import type { HostState } from '../core/host/state.js';
import { cniProblems } from '../core/host/diffCni.js';
import { type Judged, judgeKilo, type Verdict } from '../core/kilo/judge.js';
import { confirmedBy } from '../core/kilo/recognise.js';
import type { MeshInput } from '../core/mesh/input.js';
import type { NodePlan } from '../core/mesh/plan.js';
import type { PlannedNode } from '../core/mesh/planNode.js';
import { withoutIpv6 } from '../core/mesh/withoutIpv6.js';
import type { Clock } from '../core/runtime/clock.js';
import type { ApplyPlan } from './applyPlan.js';
import type { Host } from './host/host.js';
import type { HostView, ObservedHost } from './view/hostView.js';
import { type ClusterInputs, gatewayAddresses } from './inputs.js';
import { KILO_INTERFACE } from './kilo/withoutKilo.js';
import type { AgentMetrics } from './metrics.js';
import { type LearnedMtus, pathMtu } from './view/pathMtu.js';
import type { ProblemLog } from './problemLog.js';
import type { SavedInputs } from './stateFiles.js';

export type HostResult =
  /** The host is as planned. */
  | { readonly kind: 'matched'; readonly changes: number }
  /** Nothing can be planned yet; the host stays as it is. */
  | {
      readonly kind: 'waiting';
      readonly reason: string;
      /** No event will come when the reason is gone: look again soon. */
      readonly soon?: boolean;
    }
  | { readonly kind: 'failed'; readonly failures: readonly string[] };

interface ReconciledHost {
  readonly result: HostResult;
  /** Of the node itself, for its MeshNode. */
  readonly problems: readonly Problem[];
  /** What names were resolved to; absent: nothing could be planned. */
  readonly resolved?: SavedInputs['resolved'];
}

export interface ReconcileHostDeps {
  readonly clock: Pick<Clock, 'now'>;
  readonly nodeName: string;
  readonly view: Pick<HostView, 'setPlan' | 'forget'>;
  readonly host: Pick<Host, 'paths'>;
  readonly resolver: Pick<Resolver, 'answers'>;
  /** Addresses of the API server that are known now. */
  readonly apiServers: () => readonly string[];
  readonly planNode: (input: MeshInput) => PlannedNode;
  /** A plan with the paths that are to be used now; `active`: the groups that the host has. */
  readonly steer: (plan: NodePlan, mesh: Mesh['spec'], active: ReadonlyMap<number, readonly number[]>) => NodePlan;
  readonly missingSockets: () => readonly MissingSocket[];
  /** Why health and metrics are not served; undefined: they are. */
  readonly notServing: () => string | undefined;
  /** Of a firewall that is not ours. */
  readonly firewallProblems: () => readonly Problem[];
  readonly metrics: Pick<AgentMetrics, 'leftOut'>;
  readonly problemLog: ProblemLog;
  readonly applyPlan: ApplyPlan;
}

type HostInputs = ClusterInputs & { readonly mesh: Mesh };

interface Reconciliation {
  /** The inputs are saved ones: the objects of the cluster are not all read yet. */
  readonly isSaved: boolean;
  readonly signal: AbortSignal;
}

type ReconcileHost = (inputs: HostInputs, observed: ObservedHost, how: Reconciliation) => Promise<ReconciledHost>;

/** `saved`: what an earlier process knew, for as long as nothing newer is known. */
export function createReconcileHost(deps: ReconcileHostDeps, saved: SavedInputs | undefined): ReconcileHost {
  const { nodeName, view, problemLog } = deps;
  const learned: LearnedMtus = new Map();

  async function planOf(inputs: HostInputs, observed: ObservedHost, resolved: SavedInputs['resolved']): Promise<PlannedNode> {
    const gateways = gatewayAddresses(inputs, resolved);
    const ends = [
      ...[...gateways.values()].flat(),
      ...observed.roamed.filter(({ publicKey }) => gateways.has(publicKey)).map(({ address }) => address),
    ];
    const smallest = await pathMtu(deps.host, [...new Set(ends)], { known: observed.paths, learned, now: deps.clock.now() });
    return deps.planNode({
      node: nodeName,
      mesh: inputs.mesh.spec,
      nodes: inputs.meshNodes,
      peers: inputs.peers,
      exported: inputs.exported,
      resolved,
      apiServers: deps.apiServers(),
      underlayMtu: observed.model.state().underlay?.mtu ?? DEFAULT_MTU,
      pathMtu: smallest,
    });
  }

  /** Logs all problems, and returns those of the node itself. */
  function problemsOf(plan: NodePlan, { model }: ObservedHost): readonly Problem[] {
    const cni = cniProblems(nodeName, plan.cni, model.state().cni);
    const sockets = socketProblems(nodeName, deps.missingSockets());
    const reason = deps.notServing();
    const serving: readonly Problem[] =
      reason === undefined
        ? []
        : [
            {
              subject: { kind: 'node', name: nodeName },
              reason: 'NotServing',
              message: `its health and metrics cannot be asked for: ${reason}`,
            },
          ];
    problemLog.tell('cni', cni);
    const firewall = deps.firewallProblems();
    problemLog.tell('probes', sockets);
    problemLog.tell('firewall', firewall);
    problemLog.tell('plan', plan.problems);
    deps.metrics.leftOut(plan.problems);
    return [
      ...cni,
      ...sockets,
      ...firewall,
      ...serving,
      ...plan.problems.filter(({ subject }) => subject.kind === 'node' && subject.name === nodeName),
    ];
  }

  return async (inputs, observed, { isSaved, signal }) => {
    const { spec } = inputs.mesh;
    const resolved = { ...saved?.resolved, ...deps.resolver.answers() };
    const planned = await planOf(inputs, observed, resolved);
    if (planned.kind === 'absent') return { result: { kind: 'waiting', reason: planned.reason }, problems: [] };
    const plan = forThisHost(planned.plan, observed.model.state());
    const kilo = judge(observed, spec, { plan, nodes: inputs.meshNodes });
    if (kilo.kind === 'hold') {
      view.forget();
      return { result: { kind: 'waiting', reason: kilo.reason, soon: true }, problems: [] };
    }
    view.setPlan(plan);
    const problems = problemsOf(plan, observed);
    const desired = { plan: deps.steer(plan, spec, observed.model.state().groups), kilo, isSaved };
    const { failures, changes } = await deps.applyPlan(observed.model, desired, signal);
    if (failures.length > 0 || kilo.kind === 'takeOver') view.forget();
    return { result: failures.length > 0 ? { kind: 'failed', failures } : { kind: 'matched', changes }, problems, resolved };
  };
}

const DEFAULT_MTU = 1500;

/** What differs from host to host, and no other node needs to know. */
function forThisHost(plan: NodePlan, state: HostState): NodePlan {
  const held = tellPlainGroups(plan, state.sysctls.get(KERNEL_RELEASE));
  return withPluginNames(state.withoutIpv6 === true ? withoutIpv6(held) : held, state);
}

function judge({ model, kilo }: ObservedHost, { besideKilo }: Mesh['spec'], known: Pick<Judged, 'plan' | 'nodes'>): Verdict {
  const { wireguard, at } = model.state();
  return judgeKilo({ ...known, besideKilo, kilo: kilo.recognise(confirmedBy(known.plan)), wireguard: wireguard.get(KILO_INTERFACE), at });
}
