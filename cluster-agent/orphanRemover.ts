/**
 * Deletes MeshNodes whose Node is gone. A fresh read of the Node decides: the watch may be behind, and a Node that was created
 * again under its name must keep its MeshNode.
 */
import type { MeshNode } from '../core/api/meshNode.js';
import { RESOURCE } from '../core/api/resources.js';
import { deleteObject, getObject } from '../kube/wire/apply.js';
import type { KubeClient } from '../kube/wire/client.js';

interface OrphanRemover {
  remove(orphan: MeshNode): Promise<Removal>;
}

export type Removal =
  | { readonly kind: 'removed' }
  /** The Node exists after all, or the MeshNode has changed: the watch will deliver it. */
  | { readonly kind: 'overtaken' }
  /** RBAC forbids it: the manifests applied here are older than this program. */
  | { readonly kind: 'forbidden'; readonly message: string }
  | { readonly kind: 'failed'; readonly message: string };

interface OrphanRemoverDeps {
  readonly client: KubeClient;
  /** Before each request that writes. */
  readonly onRequest: (kind: string) => void;
}

export function createOrphanRemover({ client, onRequest }: OrphanRemoverDeps): OrphanRemover {
  return {
    async remove({ kind, metadata: { name, uid, resourceVersion } }) {
      const node = await getObject(client, { resource: RESOURCE.node, name });
      if (node.ok) return { kind: 'overtaken' };
      if (node.error.kind !== 'notFound') return { kind: 'failed', message: `Node ${name}: ${node.error.message}` };
      onRequest(kind);
      const answer = await deleteObject(
        client,
        { resource: RESOURCE.meshNode, name },
        {
          ...(uid === undefined ? {} : { uid }),
          ...(resourceVersion === undefined ? {} : { resourceVersion }),
        },
      );
      if (answer.ok) return { kind: 'removed' };
      if (answer.error.kind === 'conflict') return { kind: 'overtaken' };
      return { kind: answer.error.kind === 'forbidden' ? 'forbidden' : 'failed', message: `${kind} ${name}: ${answer.error.message}` };
    },
  };
}
