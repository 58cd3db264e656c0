/**
 * The node-agent's pass: inputs of the cluster in, a host that matches and a MeshNode that describes it out.
 *
 * Whatever happens (an object changes, a name resolves anew, somebody removes a route) only says that it is time to look. One pass at a
 * time then does everything that is to be done.
 */
import { ownInternalAddresses, isSpared } from '../core/host/discover.js';
import { lastAddresses } from '../core/host/lastAddresses.js';
import type { EndpointMemory } from '../core/host/endpoints.js';
import { namesOfMembers } from '../core/mesh/boundedPeers.js';
import type { Resolver } from '../core/dns/resolver.js';
import { endpointsToPublish } from '../core/tunnels/endpointsToPublish.js';
import { roamedEndpointsOf } from '../core/tunnels/roamedEndpoints.js';
import type { Clock } from '../core/runtime/clock.js';
import { type ApplyPlanDeps, createApplyPlan } from './applyPlan.js';
import type { Cluster } from './cluster.js';
import { createHostFailure } from './hostFailure.js';
import type { HostView, ObservedHost } from './view/hostView.js';
import { type ClusterInputs, endpointNames } from './inputs.js';
import { createProblemLog } from './problemLog.js';
import type { Publisher } from './publish.js';
import { publishFailure, publishNode } from './publishNode.js';
import { createReconcileHost, type HostResult, type ReconcileHostDeps } from './reconcileHost.js';
import type { SavedInputs } from './stateFiles.js';
import { createPublishedEndpoints } from './tunnels/publishedEndpoints.js';

interface AgentDeps
  extends Omit<ReconcileHostDeps, 'clock' | 'metrics' | 'problemLog' | 'applyPlan' | 'host'>, Omit<ApplyPlanDeps, 'metrics' | 'host'> {
  readonly cluster: Pick<Cluster, 'inputs'>;
  readonly host: ReconcileHostDeps['host'] & ApplyPlanDeps['host'];
  readonly metrics: ReconcileHostDeps['metrics'] & ApplyPlanDeps['metrics'];
  readonly clock: Clock;
  readonly view: HostView;
  readonly resolver: Pick<Resolver, 'want' | 'answers'>;
  readonly publisher: Publisher;
  /** May be late, so that many passes cost one write. */
  readonly saveInputs: (saved: SavedInputs) => void;
  /** Whether the node is to be spared. */
  readonly setDraining: (draining: boolean) => void;
}

/** What an earlier process left in files. */
export interface Memory {
  readonly endpoints: EndpointMemory;
  readonly saved: SavedInputs | undefined;
}

/** `published`: our MeshNode is as it should be. */
export type PassResult = HostResult & { readonly published: boolean };

export interface Agent {
  pass(signal: AbortSignal): Promise<PassResult>;
}

export function createAgent(deps: AgentDeps, memory: Memory): Agent {
  const { view } = deps;
  const problemLog = createProblemLog(deps.log);
  const applyPlan = createApplyPlan(deps, memory.endpoints);
  const reconcileHost = createReconcileHost({ ...deps, problemLog, applyPlan }, memory.saved);
  const publishedEndpoints = createPublishedEndpoints(deps.clock);
  const hostFailure = createHostFailure(deps.clock, deps.nodeName);

  async function pass(signal: AbortSignal): Promise<PassResult> {
    const live = deps.cluster.inputs();
    const inputs = live ?? (memory.saved && { ...memory.saved.inputs, exported: [] });
    if (inputs === undefined) return { kind: 'waiting', reason: 'the objects of the cluster are not all read yet', published: true };
    updateWatchers(deps, inputs);
    const { mesh } = inputs;
    if (mesh === undefined) return { kind: 'waiting', reason: 'there is no Mesh named default: create one', published: true };
    const observed = await view.observe(internalAddressesOf(inputs, deps.nodeName));
    const { result, problems, resolved } = await reconcileHost({ ...inputs, mesh }, observed, { isSaved: live === undefined, signal });
    hostFailure.note(result.kind === 'failed' ? result.failures : []);
    if (live === undefined) return { ...result, published: true };
    const { exported: _exported, ...lasting } = inputs;
    if (resolved !== undefined) deps.saveInputs({ inputs: lasting, resolved, apiServers: deps.apiServers() });
    // Last, so that an API server that does not answer keeps no change of the host waiting.
    const observedEndpoints = publishedEndpoints(endpointsToPublish(roamedOf(view, observed), deps.nodeName, inputs.meshNodes));
    const published = await publishNode(
      { ...deps, problemLog },
      { inputs, observed, problems, failure: hostFailure.problems(), observedEndpoints },
    );
    return { ...result, published };
  }

  return {
    async pass(signal) {
      try {
        return await pass(signal);
      } catch (error) {
        view.forget();
        hostFailure.note([error instanceof Error ? error.message : String(error)]);
        await publishFailure(deps, deps.cluster.inputs(), hostFailure.problems());
        throw error;
      }
    },
  };
}

/** What the inputs mean for those who work beside the passes. */
function updateWatchers(deps: Pick<AgentDeps, 'setDraining' | 'resolver'>, inputs: ClusterInputs): void {
  deps.setDraining(inputs.node !== undefined && isSpared(inputs.node));
  deps.resolver.want(endpointNames(inputs), namesOfMembers(inputs.peers));
}

function internalAddressesOf({ node, meshNodes }: ClusterInputs, name: string): readonly string[] {
  if (node === undefined) return [];
  return ownInternalAddresses(
    lastAddresses(
      node,
      meshNodes.find((one) => one.metadata.name === name),
    ).node,
  );
}

function roamedOf(view: Pick<HostView, 'plan'>, { model }: ObservedHost): ReturnType<typeof roamedEndpointsOf> {
  const plan = view.plan();
  const { wireguard, at } = model.state();
  return plan === undefined ? [] : roamedEndpointsOf(plan, wireguard, at);
}
