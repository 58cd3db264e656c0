/**
 * The cluster-agent's view of its cluster: reflectors, whose stores are an input for the plan once each has a complete list.
 */
import { isDeepStrictEqual } from 'node:util';
import type { MeshNode } from '../core/api/meshNode.js';
import type { Mesh } from '../core/api/mesh.js';
import { MESH_NAME } from '../core/api/names.js';
import { type KubeObject, type Resource, RESOURCE } from '../core/api/resources.js';
import type { Clock, Random } from '../core/runtime/clock.js';
import type { Log } from '../core/runtime/log.js';
import type { KubeClient } from '../kube/wire/client.js';
import { createReflector, type Reflector } from '../kube/wire/reflector.js';
import { type Checked, checkMesh, checkMeshNode, nodeFacts, type NodeFacts, peerFacts, type PeerFacts, serviceRanges } from './facts.js';
import type { ServiceRanges } from './findings.js';
import type { ClusterInput } from './planCluster.js';

export interface Observer {
  observe(): Observation;
  /** Why nothing new may be heard now; undefined: all is followed. */
  trouble(): string | undefined;
  run(signal: AbortSignal): Promise<void>;
}

export type Observed = Omit<ClusterInput, 'outcomeOf'>;

export type Observation =
  | { readonly kind: 'cluster'; readonly input: Observed }
  /** What is missing, and what to do where a person can do something. What is not known yet must not look like what is gone. */
  | { readonly kind: 'waiting'; readonly reason: string };

export interface ObserverDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** There may be something new to plan. */
  onChange(): void;
}

export function createObserver(deps: ObserverDeps): Observer {
  const { client, log, onChange } = deps;
  const follow = <T>(resource: Resource, project: (object: KubeObject) => T | undefined): Reflector<T> =>
    createReflector<T>({
      client,
      resource,
      project,
      onChange(_key, current, previous) {
        // Of a Node's heartbeat nothing is left after projection.
        if (!isDeepStrictEqual(current, previous)) onChange();
      },
      onSynced: onChange,
      onState: onChange,
    }, deps);
  const keep = <T>(check: (object: KubeObject) => Checked<T>) => (object: KubeObject): T | undefined => {
    const checked = check(object);
    if (checked.ok) return checked.value;
    log.warn('An object is not valid and is ignored until it is corrected', { kind: object.kind, name: object.metadata.name, reason: checked.reason });
    return undefined;
  };
  const meshes = follow<Mesh>(RESOURCE.mesh, keep(checkMesh));
  const meshNodes = follow<MeshNode>(RESOURCE.meshNode, keep(checkMeshNode));
  const nodes = follow<NodeFacts>(RESOURCE.node, nodeFacts);
  const services = follow<readonly string[]>(RESOURCE.serviceCIDR, serviceRanges);
  const peers = follow<PeerFacts>(RESOURCE.peer, peerFacts);
  const needed = { meshes, meshnodes: meshNodes, nodes };

  return {
    observe() {
      const missing = Object.entries(needed).find(([, reflector]) => !reflector.synced());
      if (missing !== undefined) {
        const failure = missing[1].state().failure;
        return { kind: 'waiting', reason: failure === undefined ? `reading ${missing[0]}` : `cannot read ${missing[0]}: ${failure.message}` };
      }
      const ranges = rangesFrom(services);
      if (ranges === undefined) return { kind: 'waiting', reason: 'reading servicecidrs' };
      const mesh = meshes.store.get(MESH_NAME);
      if (mesh === undefined) {
        return { kind: 'waiting', reason: `there is no Mesh named ${MESH_NAME}: apply one, such as examples/multicluster/01-mesh-east.yaml` };
      }
      return {
        kind: 'cluster',
        input: {
          mesh,
          nodes: [...nodes.store.values()],
          meshNodes: [...meshNodes.store.values()],
          peers: peers.synced() ? [...peers.store.values()] : [],
          services: ranges,
        },
      };
    },
    trouble() {
      const failing = Object.entries(needed).find(([, reflector]) => reflector.state().kind === 'failing');
      return failing === undefined ? undefined : `cannot follow ${failing[0]}: ${failing[1].state().failure?.message ?? 'no answer'}`;
    },
    async run(signal) {
      await Promise.all([meshes, meshNodes, nodes, services, peers].map((each) => each.run(signal)));
    },
  };
}

/** Undefined: has not answered yet. */
function rangesFrom(services: Reflector<readonly string[]>): ServiceRanges | undefined {
  if (services.synced()) return { kind: 'told', ranges: [...services.store.values()].flat() };
  const { failure } = services.state();
  if (failure === undefined) return undefined;
  return failure.kind === 'notFound' ? { kind: 'noSuchAPI' } : { kind: 'silent', reason: failure.message };
}
