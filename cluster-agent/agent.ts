/**
 * Follows the cluster and writes what `planCluster` says, where it differs from what is there. A restart writes nothing.
 */
import { isDeepStrictEqual } from 'node:util';
import type { MeshNode } from '../core/api/meshNode.js';
import type { Problem } from '../core/api/problem.js';
import type { Clock, Random } from '../core/runtime/clock.js';
import type { Log } from '../core/runtime/log.js';
import { createResolver } from '../core/dns/resolver.js';
import { namesOfMembers } from '../core/mesh/boundedPeers.js';
import { createMemoryQueue } from '../core/workqueue/memory.js';
import type { ReconcileResult } from '../core/workqueue/queue.js';
import { RESOURCE } from '../core/api/resources.js';
import type { KubeClient } from '../kube/wire/client.js';
import type { EventRecorder } from '../kube/wire/eventRecorder.js';
import type { ClusterAgentMetrics } from './metrics.js';
import { createObserver, type Observed } from './observer.js';
import { createOrphanRemover } from './orphanRemover.js';
import { createPeerWriter } from './peerWriter.js';
import { nodeEvent } from './nodeEvents.js';
import type { LinkEvent } from './linkEvents.js';
import { createLateCallers } from './lateCallers.js';
import { createLinkFollower } from './linkFollower.js';
import { planExports } from './planExports.js';
import { planLinks } from './planLinks.js';
import { createReadinessKeeper } from './readinessKeeper.js';
import { createStandIn } from './standIn.js';
import { createHubWatch } from './hubWatch.js';
import { createMemberReach } from './memberReach.js';
import { MESH_NAME } from '../core/api/names.js';
import { createPolicyWriter } from './policyWriter.js';
import { type ClusterPlan, planCluster, type PlannedNodeStatus } from './planCluster.js';
import type { PlannedCondition } from '../core/api/conditions.js';
import { goodPeers, peerNames } from './planPeers.js';
import { createStatusWriter, type StatusWrite } from './statusWriter.js';

interface ClusterAgentDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: ClusterAgentMetrics;
  readonly events: EventRecorder;
  /** All addresses of a name. Rejects if there are none. Must have its own timeout. */
  readonly lookup: (name: string) => Promise<readonly string[]>;
}

export interface ClusterAgent {
  run(signal: AbortSignal): Promise<void>;
  /** Undefined: the last plan has been written. Otherwise what it waits for, or what failed. */
  notReady(): string | undefined;
}

/** The plan is a function of the whole cluster. */
const KEY = 'cluster';
/** What other members may reach; it waits for nothing of the other. */
const EXPORTS_KEY = 'exports';
/** Which links work. */
const LINKS_KEY = 'links';
/** The readiness of mirrors, while the hub is away. */
const READINESS_KEY = 'readiness';
/** Events that come together lead to one plan. */
const COALESCE_MS = 5;
/** A fault is told by several gateways, which do not see it at the same moment. */
const LINKS_COALESCE_MS = 200;
/** Time for the watch to deliver the change that made a write conflict. */
const OVERTAKEN_MS = 50;
/** A Peer status that the API server refused does not make the agent not ready, and is retried slowly. */
const PEERS_AGAIN_MS = 10_000;
const CONCURRENT_WRITES = 8;

export function createClusterAgent(deps: ClusterAgentDeps): ClusterAgent {
  const { client, clock, events, log, metrics } = deps;
  const queue = createMemoryQueue({ backoff: { baseMs: 100, maxMs: 30_000 } }, deps);
  const hub = createHubWatch({ now: () => clock.now() });
  const observer = createObserver({
    ...deps,
    onChange: () => queue.addAfter(KEY, COALESCE_MS),
    onExportsChange: () => queue.addAfter(EXPORTS_KEY, COALESCE_MS),
    onLinksChange: () => queue.addAfter(LINKS_KEY, LINKS_COALESCE_MS),
    onLocalReady(service) {
      if (standIn.localChanged(service)) queue.addAfter(READINESS_KEY, COALESCE_MS);
    },
    onHubLease: (lease) => {
      hub.saw(lease);
      queue.addAfter(READINESS_KEY, COALESCE_MS);
    },
    onHubHeard: (is) => {
      hub.hears(is);
      queue.addAfter(READINESS_KEY, COALESCE_MS);
    },
  });
  const resolver = createResolver({ clock, log, lookup: deps.lookup, onChange: () => queue.addAfter(KEY, COALESCE_MS) });
  const writer = createStatusWriter({ client, wall: () => clock.wall(), onRequest: (kind) => metrics.wrote(kind) });
  const peerWriter = createPeerWriter({ writer, log });
  const remover = createOrphanRemover({ client, onRequest: (kind) => metrics.wrote(kind) });
  const policyWriter = createPolicyWriter({ client, onRequest: (kind) => metrics.wrote(kind) });
  const lateCallers = createLateCallers({ now: () => clock.now() });
  const memberReach = createMemberReach({ now: () => clock.now() });
  const keeper = createReadinessKeeper({
    client,
    localReady: observer.localReady,
    isHubAway: () => hub.state().kind === 'away',
    onRequest: (kind) => metrics.wrote(kind),
  });
  const standIn = createStandIn({ hub, keeper, log, metrics });
  const follower = createLinkFollower({ now: () => clock.now(), onEvent: linkChanged });
  let meshUid: string | undefined;
  let exportProblems: readonly Problem[] = [];
  let notReady: string | undefined = 'starting';

  function become(next: string | undefined): void {
    if (next === notReady) return;
    if (next !== undefined) log.warn('Not ready', { reason: next });
    else log.info('Ready');
    notReady = next;
  }

  async function reconcile(): Promise<ReconcileResult> {
    const observation = observer.observe();
    if (observation.kind === 'waiting') {
      become(observation.reason);
      return { kind: 'terminal', error: observation.reason };
    }
    const { input } = observation;
    resolver.want(peerNames(input.peers), namesOfMembers(goodPeers(input.peers)));
    const plan = planCluster({ ...input, outcomeOf: resolver.outcome, exportProblems, ...follower.told() });
    metrics.planned(plan, input.nodes.length);
    const writes = [...(await writeNodes(plan, input)), await writeMesh(plan, input)];
    const failures = writes.flatMap((each) => (each.kind === 'failed' ? [each.message] : []));
    become(failures.length === 0 ? undefined : failures.slice(0, 3).join('; '));
    if (failures.length > 0) return { kind: 'retry', error: failures.join('; ') };
    if (writes.some(({ kind }) => kind === 'overtaken')) return { kind: 'after', ms: OVERTAKEN_MS };
    switch (await peerWriter.write(input.peers, plan.peers)) {
      case 'more':
        return { kind: 'after', ms: 0 };
      case 'failed':
        return { kind: 'after', ms: PEERS_AGAIN_MS };
      default:
        return { kind: 'done' };
    }
  }

  async function reconcileExports(): Promise<ReconcileResult> {
    const observation = observer.observeExports();
    if (observation.kind === 'waiting') return { kind: 'done' };
    if (observation.kind === 'unreadable') {
      tell([exportsUnknown(`cannot be read (${observation.reason})`)]);
      return { kind: 'done' };
    }
    const { services, againMs } = lateCallers.follow(observation.input.services);
    const { exported, problems } = planExports({ ...observation.input, services });
    const failures = await policyWriter.write(observation.nodes, observation.policies, exported);
    tell(failures.length === 0 ? problems : [exportsUnknown(`cannot be written (${failures.slice(0, 3).join('; ')})`), ...problems]);
    if (failures.length > 0) return { kind: 'retry', error: failures.join('; ') };
    return againMs === undefined ? { kind: 'done' } : { kind: 'after', ms: againMs };
  }

  function reconcileLinks(): ReconcileResult {
    const input = observer.observeLinks();
    if (input === undefined) return { kind: 'done' };
    meshUid = input.mesh.metadata.uid;
    const reachedBefore = memberReach.reach();
    const reachAgainMs = memberReach.follow(input);
    if (memberReach.reach() !== reachedBefore) queue.addAfter(READINESS_KEY, COALESCE_MS);
    const plan = planLinks(input);
    metrics.linked(plan.counts);
    const { changed, againMs } = follower.follow(plan, input.mesh.status?.links ?? []);
    if (changed) queue.addAfter(KEY, COALESCE_MS);
    const next = Math.min(againMs ?? Number.POSITIVE_INFINITY, reachAgainMs ?? Number.POSITIVE_INFINITY);
    return next === Number.POSITIVE_INFINITY ? { kind: 'done' } : { kind: 'after', ms: next };
  }

  function linkChanged({ type, reason, note }: LinkEvent): void {
    log[type === 'Normal' ? 'info' : 'warn']('A link has changed', { reason, explanation: note });
    metrics.linkChanged(reason);
    const mesh = { resource: RESOURCE.mesh, name: MESH_NAME, ...(meshUid === undefined ? {} : { uid: meshUid }) };
    events.record({ regarding: mesh, type, reason, action: 'WatchLinks', note });
  }

  function tell(problems: readonly Problem[]): void {
    if (isDeepStrictEqual(problems, exportProblems)) return;
    exportProblems = problems;
    queue.addAfter(KEY, COALESCE_MS);
  }

  /** Releases first: at no time do two nodes hold one slot, or one range of pods. */
  async function writeNodes(plan: ClusterPlan, { meshNodes }: Observed): Promise<StatusWrite[]> {
    const planned = meshNodes.flatMap((node) => {
      const status = plan.meshNodes.get(node.metadata.name);
      return status === undefined ? [] : [{ node, status }];
    });
    const orphans = new Set(plan.orphans);
    const releases = planned.filter(({ node, status }) => orphans.has(node) || givesUp(node, status));
    const others = planned.filter((each) => !releases.includes(each));
    const released = await inParallel(releases, (each) => (orphans.has(each.node) ? removeNode(each) : writeNode(each)));
    if (released.some(({ kind }) => kind === 'failed' || kind === 'overtaken')) return released;
    return [...released, ...(await inParallel(others, writeNode))];
  }

  async function writeNode({ node, status }: { readonly node: MeshNode; readonly status: PlannedNodeStatus }): Promise<StatusWrite> {
    const result = await writer.write(node, status);
    const { meshAddresses, slot, conditions } = status;
    if (result.kind !== 'written') return result;
    const { name, uid } = node.metadata;
    log.info('Wrote the status of a MeshNode', { node: name, meshAddresses, slot, ...reasonOf(conditions) });
    const event = nodeEvent(node, conditions);
    if (event !== undefined)
      events.record({
        regarding: { resource: RESOURCE.meshNode, name, ...(uid === undefined ? {} : { uid }) },
        action: 'WatchNodes',
        ...event,
      });
    return result;
  }

  /** Where RBAC forbids deleting it, its status says that its Node is gone. */
  async function removeNode(planned: { readonly node: MeshNode; readonly status: PlannedNodeStatus }): Promise<StatusWrite> {
    const { name } = planned.node.metadata;
    const removal = await remover.remove(planned.node);
    switch (removal.kind) {
      case 'removed':
        log.info('Deleted a MeshNode whose Node is gone', { node: name });
        return { kind: 'written' };
      case 'forbidden':
        log.warn('A MeshNode whose Node is gone may not be deleted: apply manifests/cluster.yaml of this version', {
          node: name,
          reason: removal.message,
        });
        return writeNode(planned);
      default:
        return removal;
    }
  }

  async function writeMesh(plan: ClusterPlan, { mesh }: Observed): Promise<StatusWrite> {
    const result = await writer.write(mesh, plan.mesh);
    if (result.kind === 'written')
      log.info('Wrote the status of the Mesh', { segments: plan.mesh.segments.length, ...reasonOf(plan.mesh.conditions) });
    return result;
  }

  const WORK: Readonly<Record<string, () => Promise<ReconcileResult> | ReconcileResult>> = {
    [KEY]: reconcile,
    [EXPORTS_KEY]: reconcileExports,
    [LINKS_KEY]: reconcileLinks,
    [READINESS_KEY]: () => standIn.reconcile(memberReach.reach()),
  };

  return {
    notReady: () => notReady ?? observer.failing(),
    async run(signal) {
      const timed = async (key: string): Promise<ReconcileResult> => {
        const began = clock.now();
        const result = await (WORK[key] ?? reconcile)();
        metrics.reconciled((clock.now() - began) / 1000, result.kind);
        return result;
      };
      await Promise.all([observer.run(signal), queue.run(timed, { concurrency: Object.keys(WORK).length, signal })]);
      resolver.close();
    },
  };
}

function exportsUnknown(what: string): Problem {
  return {
    subject: { kind: 'mesh' },
    reason: 'ExportsUnknown',
    message: `what is exported ${what}, so other members reach what they reached before, and new nodes nothing`,
    remedy: 'apply manifests/crds and manifests/cluster.yaml of this version',
  };
}

function givesUp({ status }: MeshNode, planned: PlannedNodeStatus): boolean {
  const keeps = (address: string): boolean => planned.meshAddresses.includes(address);
  const pods = new Set(planned.assignedPods?.cidrs);
  return (
    (status?.slot !== undefined && status.slot !== planned.slot) ||
    !(status?.meshAddresses ?? []).every(keeps) ||
    !(status?.assignedPods?.cidrs ?? []).every((each) => pods.has(each))
  );
}

function reasonOf(conditions: readonly PlannedCondition[]): { readonly reason?: string; readonly explanation?: string } {
  const bad = conditions.find(({ status }) => status === 'False');
  return bad === undefined ? {} : { reason: bad.reason, explanation: bad.message };
}

async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let item = items[next]; item !== undefined; item = items[next]) {
      next += 1;
      results.push(await work(item));
    }
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENT_WRITES, items.length) }, worker));
  return results;
}
