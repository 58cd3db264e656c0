/**
 * The agent's view of its cluster: four reflectors, whose stores are the inputs once every one of them has a complete list.
 */
import { isDeepStrictEqual } from 'node:util';
import { MESH_NAME } from '../core/api/names.js';
import { RESOURCE, type KubeObject, type Resource } from '../core/api/resources.js';
import type { Clock, Random } from '../core/runtime/clock.js';
import type { Log } from '../core/runtime/log.js';
import type { KubeClient } from '../kube/wire/client.js';
import { createReflector, type Reflector, type ReflectorState } from '../kube/wire/reflector.js';
import { checkMesh, checkMeshNode, checkNode, checkPeer, type Checked, type ClusterInputs } from './inputs.js';

export interface Cluster {
  /** Undefined until every list was complete once: what is not yet known must not look like what is gone. */
  inputs(): ClusterInputs | undefined;
  /** Undefined: all is followed. */
  silence(): Silence | undefined;
  run(signal: AbortSignal): Promise<void>;
}

/** No fresh inputs come. */
export interface Silence {
  readonly reason: string;
  /** Clock milliseconds at which the first of what we follow failed. */
  readonly since: number;
}

export interface ClusterDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly nodeName: string;
  onChange(): void;
}

export function createCluster(deps: ClusterDeps): Cluster {
  let silentSince: number | undefined;
  const follow = <T>(resource: Resource, check: (object: unknown) => Checked<T>, name?: string): Reflector<T> =>
    createReflector<T>(
      {
        client: deps.client,
        resource,
        ...(name === undefined ? {} : { fieldSelector: `metadata.name=${name}` }),
        project: (object) => keep(deps.log, resource, check, object),
        onChange(_key, current, previous) {
          if (!isDeepStrictEqual(current, previous)) deps.onChange();
        },
        onSynced: () => deps.onChange(),
        onState: heed,
      },
      deps,
    );
  const mesh = follow(RESOURCE.mesh, checkMesh, MESH_NAME);
  const node = follow(RESOURCE.node, checkNode, deps.nodeName);
  const meshNodes = follow(RESOURCE.meshNode, checkMeshNode);
  const peers = follow(RESOURCE.peer, checkPeer);
  const all = { mesh, node, meshNodes, peers };

  function failing(): ReflectorState | undefined {
    return Object.values(all).map((one) => one.state()).find(({ kind }) => kind === 'failing');
  }

  function heed(): void {
    silentSince = failing() === undefined ? undefined : (silentSince ?? deps.clock.now());
  }

  return {
    inputs() {
      if (!Object.values(all).every((one) => one.synced())) return undefined;
      return {
        mesh: mesh.store.get(MESH_NAME),
        node: node.store.get(deps.nodeName),
        meshNodes: [...meshNodes.store.values()],
        peers: [...peers.store.values()],
      };
    },
    silence() {
      return silentSince === undefined ? undefined : { reason: failing()?.failure?.message ?? 'the API server does not answer', since: silentSince };
    },
    async run(signal) {
      await Promise.all(Object.values(all).map((one) => one.run(signal)));
    },
  };
}

/** A bad object is as if it were not there; everything else goes on. */
function keep<T>(log: Log, resource: Resource, check: (object: unknown) => Checked<T>, object: KubeObject): T | undefined {
  const checked = check(object);
  if (checked.ok) return checked.value;
  log.warn('An object is not valid and is ignored until it is corrected', { kind: resource.kind, name: checked.name, reason: checked.reason });
  return undefined;
}
