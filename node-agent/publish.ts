/**
 * Publishes this node's MeshNode: server-side apply, and only when what we own in it differs.
 */
import { isDeepStrictEqual } from 'node:util';
import type { MeshNode, MeshNodeSpec } from '../core/api/meshNode.js';
import { FIELD_MANAGER } from '../core/api/names.js';
import { apiVersion, RESOURCE } from '../core/api/resources.js';
import type { NodeObject } from '../core/host/discover.js';
import { applyObject } from '../kube/wire/apply.js';
import type { KubeClient } from '../kube/wire/client.js';

export interface Publisher {
  /** Undefined: published, or nothing to do. Otherwise why it failed. */
  publish(node: NodeObject, spec: MeshNodeSpec, present: MeshNode | undefined): Promise<string | undefined>;
}

/** Undefined: no API server is known, and nothing is published. */
export function createPublisher(client: KubeClient | undefined): Publisher {
  if (client === undefined) return { publish: () => Promise.resolve(undefined) };
  return {
    async publish(node, spec, present) {
      const { name, uid } = node.metadata;
      if (present !== undefined && isDeepStrictEqual(present.spec, spec) && isOwned(present, uid)) return undefined;
      const answer = await applyObject(
        client,
        {
          apiVersion: apiVersion(RESOURCE.meshNode),
          kind: RESOURCE.meshNode.kind,
          metadata: {
            name,
            // Deleting the Node deletes its MeshNode, even when no agent is left to do it.
            ...(uid === undefined ? {} : { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid }] }),
          },
          spec,
        },
        { fieldManager: FIELD_MANAGER.nodeAgent },
      );
      return answer.ok ? undefined : answer.error.message;
    },
  };
}

function isOwned(present: MeshNode, uid: string | undefined): boolean {
  return uid === undefined || (present.metadata.ownerReferences ?? []).some((owner) => owner.uid === uid);
}
