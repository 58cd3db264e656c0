/**
 * Writes NodePolicies, and only where they differ from what is there. The one of a node that has nothing exported any more is emptied; with
 * its Node it goes by itself.
 */
import { isDeepStrictEqual } from 'node:util';
import { FIELD_MANAGER } from '../core/api/names.js';
import type { Exported, NodePolicy } from '../core/api/nodePolicy.js';
import { apiVersion, RESOURCE } from '../core/api/resources.js';
import { applyObject } from '../kube/wire/apply.js';
import type { KubeClient } from '../kube/wire/client.js';
import type { NodeFacts } from './facts.js';

interface PolicyWriter {
  /** What failed, and why. */
  write(
    nodes: readonly Pick<NodeFacts, 'name' | 'uid'>[],
    present: ReadonlyMap<string, NodePolicy>,
    planned: ReadonlyMap<string, readonly Exported[]>,
  ): Promise<readonly string[]>;
}

interface PolicyWriterDeps {
  readonly client: KubeClient;
  /** Before each request. */
  readonly onRequest: (kind: string) => void;
}

export function createPolicyWriter({ client, onRequest }: PolicyWriterDeps): PolicyWriter {
  return {
    async write(nodes, present, planned) {
      const failures: string[] = [];
      for (const { name, uid } of nodes) {
        const exported = planned.get(name) ?? [];
        const there = present.get(name);
        if (there === undefined ? exported.length === 0 : isDeepStrictEqual(there.spec.exported, exported)) continue;
        onRequest(RESOURCE.nodePolicy.kind);
        const policy = {
          apiVersion: apiVersion(RESOURCE.nodePolicy),
          kind: RESOURCE.nodePolicy.kind,
          metadata: { name, ...(uid === undefined ? {} : { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid }] }) },
          spec: { exported },
        };
        const answer = await applyObject(client, policy, { fieldManager: FIELD_MANAGER.clusterAgent });
        if (!answer.ok) failures.push(`NodePolicy ${name}: ${answer.error.message}`);
      }
      return failures;
    },
  };
}
