/**
 * Follows the cluster and writes what `planCluster` says, where it differs from what is there. A restart writes nothing.
 */
import type { MeshNode } from '../core/api/meshNode.js';
import type { Clock, Random } from '../core/runtime/clock.js';
import type { Log } from '../core/runtime/log.js';
import { createResolver } from '../core/names/resolver.js';
import { createMemoryQueue } from '../core/workqueue/memory.js';
import type { ReconcileResult } from '../core/workqueue/queue.js';
import type { KubeClient } from '../kube/wire/client.js';
import type { ClusterAgentMetrics } from './metrics.js';
import { createObserver, type Observed } from './observer.js';
import { createOrphanRemover } from './orphanRemover.js';
import { createPeerWriter } from './peerWriter.js';
import { type ClusterPlan, planCluster, type PlannedCondition, type PlannedNodeStatus } from './planCluster.js';
import { peerNames } from './planPeers.js';
import { createStatusWriter, type StatusWrite } from './statusWriter.js';

export interface ClusterAgentDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: ClusterAgentMetrics;
  /** All addresses of a name; rejects when there are none. Must end by itself. */
  readonly lookup: (name: string) => Promise<readonly string[]>;
}

export interface ClusterAgent {
  run(signal: AbortSignal): Promise<void>;
  /** Undefined: what was planned last stands in the cluster. Otherwise what is being waited for, or what went wrong. */
  notReady(): string | undefined;
}

/** Everything is one key: the plan is one function of the whole cluster. */
const KEY = 'cluster';
/** Events that come together are planned together. */
const COALESCE_MS = 5;
/** How long the watch may take to bring what overtook a write. */
const OVERTAKEN_MS = 50;
/** A Peer whose status the API server did not take is no reason to be not ready, nor to be quick. */
const PEERS_AGAIN_MS = 10_000;
const CONCURRENT_WRITES = 8;

export function createClusterAgent(deps: ClusterAgentDeps): ClusterAgent {
  const { client, clock, log, metrics } = deps;
  const queue = createMemoryQueue({ backoff: { baseMs: 100, maxMs: 30_000 } }, deps);
  const observer = createObserver({ ...deps, onChange: () => queue.addAfter(KEY, COALESCE_MS) });
  const resolver = createResolver({ clock, log, lookup: deps.lookup, onChange: () => queue.addAfter(KEY, COALESCE_MS) });
  const writer = createStatusWriter({ client, wall: () => clock.wall(), onRequest: (kind) => metrics.wrote(kind) });
  const peerWriter = createPeerWriter({ writer, log });
  const remover = createOrphanRemover({ client, onRequest: (kind) => metrics.wrote(kind) });
  let notReady: string | undefined = 'starting';

  function become(next: string | undefined): void {
    if (next === notReady) return;
    if (next !== undefined) log.warn('Not ready', { reason: next });
    else log.info('Ready: the cluster is as planned');
    notReady = next;
  }

  async function reconcile(): Promise<ReconcileResult> {
    const observation = observer.observe();
    if (observation.kind === 'waiting') {
      become(observation.reason);
      return { kind: 'terminal', error: observation.reason };
    }
    const { input } = observation;
    resolver.want(peerNames(input.peers));
    const plan = planCluster({ ...input, outcomeOf: resolver.outcome });
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

  /** First whoever gives something up, then whoever gets it: no two nodes hold one slot at any time. */
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
    if (result.kind === 'written') log.info('Wrote the place of a node in the mesh', { node: node.metadata.name, meshAddresses, slot, ...troubleOf(conditions) });
    return result;
  }

  /** Where we may not delete it, its status at least says that its Node is gone. */
  async function removeNode(planned: { readonly node: MeshNode; readonly status: PlannedNodeStatus }): Promise<StatusWrite> {
    const { name } = planned.node.metadata;
    const removal = await remover.remove(planned.node);
    switch (removal.kind) {
      case 'removed':
        log.info('Deleted the MeshNode of a Node that is gone', { node: name });
        return { kind: 'written' };
      case 'forbidden':
        log.warn('The MeshNode of a Node that is gone may not be deleted: apply manifests/cluster.yaml of this version', { node: name, reason: removal.message });
        return writeNode(planned);
      default:
        return removal;
    }
  }

  async function writeMesh(plan: ClusterPlan, { mesh }: Observed): Promise<StatusWrite> {
    const result = await writer.write(mesh, plan.mesh);
    if (result.kind === 'written') log.info('Wrote the facts of the mesh', { segments: plan.mesh.segments.length, ...troubleOf(plan.mesh.conditions) });
    return result;
  }

  return {
    notReady: () => notReady ?? observer.trouble(),
    async run(signal) {
      const timed = async (): Promise<ReconcileResult> => {
        const began = clock.now();
        const result = await reconcile();
        metrics.reconciled((clock.now() - began) / 1000, result.kind);
        return result;
      };
      await Promise.all([observer.run(signal), queue.run(timed, { concurrency: 1, signal })]);
      resolver.close();
    },
  };
}

function givesUp({ status }: MeshNode, planned: PlannedNodeStatus): boolean {
  const keeps = (address: string): boolean => planned.meshAddresses.includes(address);
  return (status?.slot !== undefined && status.slot !== planned.slot) || !(status?.meshAddresses ?? []).every(keeps);
}

function troubleOf(conditions: readonly PlannedCondition[]): { readonly reason?: string; readonly explanation?: string } {
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
