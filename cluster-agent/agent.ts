/**
 * Follows the cluster and writes what `planCluster` says, where it differs from what is there. A restart writes nothing.
 */
import type { MeshNode } from '../core/api/meshNode.js';
import type { Mesh } from '../core/api/mesh.js';
import { FIELD_MANAGER, MESH_NAME } from '../core/api/names.js';
import { type KubeObject, type Resource, RESOURCE } from '../core/api/resources.js';
import type { Clock, Random } from '../core/runtime/clock.js';
import type { Log } from '../core/runtime/log.js';
import { createMemoryQueue } from '../core/workqueue/memory.js';
import type { ReconcileResult } from '../core/workqueue/queue.js';
import { applyObject } from '../kube/wire/apply.js';
import type { KubeClient, KubeResult } from '../kube/wire/client.js';
import { createReflector, type Reflector } from '../kube/wire/reflector.js';
import { type Checked, checkMesh, checkMeshNode, nodeFacts, type NodeFacts, serviceRanges } from './facts.js';
import { type ClusterPlan, planCluster, type PlannedCondition } from './planCluster.js';

export interface ClusterAgentDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly onReconcile: (seconds: number, result: ReconcileResult) => void;
  readonly onWrite: (kind: string) => void;
}

export interface ClusterAgent {
  run(signal: AbortSignal): Promise<void>;
  /** Has everything been listed, and does what was planned last stand in the cluster? */
  healthy(): boolean;
  ready(): boolean;
}

/** Everything is one key: the plan is one function of the whole cluster. */
const KEY = 'cluster';
/** Events that come together are planned together. */
const COALESCE_MS = 5;
/** Without the ServiceCIDR API its list fails for ever; so long it may take to be sure. */
const SERVICE_CIDR_GRACE_MS = 3_000;

export function createClusterAgent(deps: ClusterAgentDeps): ClusterAgent {
  const { client, clock, log } = deps;
  const queue = createMemoryQueue({ backoff: { baseMs: 100, maxMs: 30_000 } }, deps);
  const poke = (): void => queue.addAfter(KEY, COALESCE_MS);
  const follow = <T>(resource: Resource, project: (object: KubeObject) => T | undefined): Reflector<T> =>
    createReflector<T>({ client, resource, project, onChange: poke, onSynced: poke }, deps);
  const keep = <T>(check: (object: KubeObject) => Checked<T>) => (object: KubeObject): T | undefined => {
    const checked = check(object);
    if (checked.ok) return checked.value;
    log.warn('Object skipped: it is not valid', { kind: object.kind, name: object.metadata.name, reason: checked.reason });
    return undefined;
  };
  const meshes = follow<Mesh>(RESOURCE.mesh, keep(checkMesh));
  const meshNodes = follow<MeshNode>(RESOURCE.meshNode, keep(checkMeshNode));
  const nodes = follow<NodeFacts>(RESOURCE.node, nodeFacts);
  const services = follow<readonly string[]>(RESOURCE.serviceCIDR, serviceRanges);
  let began = 0;
  let written = false;

  async function write(object: KubeObject, kind: string): Promise<KubeResult<KubeObject>> {
    deps.onWrite(kind);
    return applyObject(client, object, { fieldManager: FIELD_MANAGER.clusterAgent, subresource: 'status' });
  }

  async function reconcile(): Promise<ReconcileResult> {
    if (![meshes, meshNodes, nodes].every((each) => each.synced())) return { kind: 'done' };
    if (!services.synced() && clock.now() - began < SERVICE_CIDR_GRACE_MS) return { kind: 'after', ms: 200 };
    const mesh = meshes.store.get(MESH_NAME);
    if (mesh === undefined) {
      log.warn('There is no Mesh "default": apply one, as in manifests/cluster.yaml');
      return { kind: 'terminal', error: 'no Mesh' };
    }
    const plan = planCluster({
      mesh,
      nodes: [...nodes.store.values()],
      meshNodes: [...meshNodes.store.values()],
      serviceCIDRs: services.synced() ? [...services.store.values()].flat() : undefined,
    });
    const failures = [...(await writeNodes(plan)), ...(await writeMesh(plan, mesh))];
    written = failures.length === 0;
    return failures.length === 0 ? { kind: 'done' } : { kind: 'retry', error: failures.join('; ') };
  }

  async function writeNodes(plan: ClusterPlan): Promise<string[]> {
    const failures: string[] = [];
    for (const [name, planned] of plan.meshNodes) {
      const { meshAddresses, slot } = meshNodes.store.get(name)?.status ?? {};
      if (same({ meshAddresses, slot }, { meshAddresses: planned.meshAddresses, slot: planned.slot })) continue;
      const result = await write(statusObject('MeshNode', name, planned), 'MeshNode');
      if (result.ok) log.info('Node has a place in the mesh', { node: name, ...planned });
      else if (result.error.kind !== 'notFound') failures.push(`MeshNode ${name}: ${result.error.message}`);
    }
    return failures;
  }

  async function writeMesh(plan: ClusterPlan, mesh: Mesh): Promise<string[]> {
    const { conditions, ...facts } = plan.mesh;
    const { conditions: old = [], ...oldFacts } = mesh.status ?? {};
    if (same(facts, oldFacts) && same(conditions.map(withoutTime), old.map(withoutTime))) return [];
    const timed = conditions.map((condition) => withTime(condition, old, clock.wall()));
    const result = await write(statusObject('Mesh', MESH_NAME, { ...facts, conditions: timed }), 'Mesh');
    return result.ok ? [] : [`Mesh: ${result.error.message}`];
  }

  return {
    async run(signal) {
      began = clock.now();
      const timed = async (): Promise<ReconcileResult> => {
        const start = clock.now();
        const result = await reconcile();
        deps.onReconcile((clock.now() - start) / 1000, result);
        if (result.kind === 'retry') log.warn('Could not write what was planned', { reason: result.error });
        return result;
      };
      await Promise.all([
        ...[meshes, meshNodes, nodes, services].map((each) => each.run(signal)),
        queue.run(timed, { concurrency: 1, signal }),
      ]);
    },
    healthy: () => written || !meshes.synced(),
    ready: () => [meshes, meshNodes, nodes].every((each) => each.synced()),
  };
}

function statusObject(kind: 'Mesh' | 'MeshNode', name: string, status: object): KubeObject {
  return { apiVersion: 'kilofed.io/v1alpha1', kind, metadata: { name }, status } as KubeObject;
}

type Timed = PlannedCondition & { readonly lastTransitionTime: string };

function withTime(
  condition: PlannedCondition,
  old: readonly { readonly type: string; readonly status: string; readonly lastTransitionTime: string }[],
  wall: number,
): Timed {
  const before = old.find(({ type }) => type === condition.type);
  const lastTransitionTime = before?.status === condition.status ? before.lastTransitionTime : `${new Date(wall).toISOString().slice(0, 19)}Z`;
  return { ...condition, lastTransitionTime };
}

function withoutTime(condition: { readonly type: string; readonly status: string; readonly reason: string; readonly message: string }): unknown {
  const { type, status, reason, message } = condition;
  return { type, status, reason, message };
}

function same(a: unknown, b: unknown): boolean {
  return stable(a) === stable(b);
}

/** JSON with sorted keys: the server need not keep our order. */
function stable(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}
