/**
 * The agent's view of its cluster: reflectors, whose stores are the inputs once every one that the mesh needs has a complete list.
 */
import { isDeepStrictEqual } from 'node:util';
import { MESH_NAME } from '../core/api/names.js';
import { RESOURCE, type KubeObject, type Resource } from '../core/api/resources.js';
import type { Clock, Random } from '../core/runtime/clock.js';
import type { Log } from '../core/runtime/log.js';
import type { KubeClient } from '../kube/wire/client.js';
import { createReflector, type Reflector, type ReflectorState } from '../kube/wire/reflector.js';
import { checkMesh, checkMeshNode, checkNode, checkNodePolicy, checkPeer, type Checked, type ClusterInputs } from './inputs.js';

export interface Cluster {
  /** Undefined until every list was complete once: what is not known yet must not look like what is gone. */
  inputs(): ClusterInputs | undefined;
  /** Undefined: every watch works. */
  disconnection(): Disconnection | undefined;
  run(signal: AbortSignal): Promise<void>;
}

/** The API server is not reachable, so no fresh inputs come. */
interface Disconnection {
  readonly reason: string;
  /** Clock milliseconds at which the first watch failed. */
  readonly since: number;
}

interface ClusterDeps {
  /** Undefined: no API server is known. */
  readonly client: KubeClient | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly nodeName: string;
  onChange(): void;
}

export function createCluster(deps: ClusterDeps): Cluster {
  const { client } = deps;
  if (client === undefined) return { inputs: () => undefined, disconnection: () => undefined, run: () => Promise.resolve() };
  let disconnectedSince: number | undefined;
  const follow = <T>(resource: Resource, check: (object: unknown) => Checked<T>, name?: string): Reflector<T> =>
    createReflector<T>(
      {
        client,
        resource,
        ...(name === undefined ? {} : { fieldSelector: `metadata.name=${name}` }),
        project: (object) => keep(deps.log, resource, check, object),
        onChange(_key, current, previous) {
          if (!isDeepStrictEqual(current, previous)) deps.onChange();
        },
        onSynced: () => deps.onChange(),
        onState: noteState,
      },
      deps,
    );
  const mesh = follow(RESOURCE.mesh, checkMesh, MESH_NAME);
  const node = follow(RESOURCE.node, checkNode, deps.nodeName);
  const meshNodes = follow(RESOURCE.meshNode, checkMeshNode);
  const peers = follow(RESOURCE.peer, checkPeer);
  const policy = follow(RESOURCE.nodePolicy, checkNodePolicy, deps.nodeName);
  const all = { mesh, node, meshNodes, peers };

  function failing(): ReflectorState | undefined {
    return Object.values(all)
      .map((one) => one.state())
      .find(({ kind }) => kind === 'failing');
  }

  function noteState(): void {
    disconnectedSince = failing() === undefined ? undefined : (disconnectedSince ?? deps.clock.now());
  }

  return {
    inputs() {
      if (!Object.values(all).every((one) => one.synced())) return undefined;
      if (!policy.synced() && !isRefused(policy.state())) return undefined;
      return {
        mesh: mesh.store.get(MESH_NAME),
        node: node.store.get(deps.nodeName),
        meshNodes: [...meshNodes.store.values()],
        peers: [...peers.store.values()],
        exported: policy.store.get(deps.nodeName)?.spec.exported ?? [],
      };
    },
    disconnection() {
      return disconnectedSince === undefined
        ? undefined
        : { reason: failing()?.failure?.message ?? 'the API server does not answer', since: disconnectedSince };
    },
    async run(signal) {
      await Promise.all([...Object.values(all), policy].map((one) => one.run(signal)));
    },
  };
}

/** The manifests that are applied here are older than this program. The mesh goes on, and nothing counts as exported. */
function isRefused({ failure }: ReflectorState): boolean {
  return failure?.kind === 'notFound' || failure?.kind === 'forbidden';
}

/** An invalid object counts as absent; everything else goes on. */
function keep<T>(log: Log, resource: Resource, check: (object: unknown) => Checked<T>, object: KubeObject): T | undefined {
  const checked = check(object);
  if (checked.ok) return checked.value;
  log.warn('An object is not valid and is ignored until it is corrected', {
    kind: resource.kind,
    ...checked.error,
  });
  return undefined;
}
