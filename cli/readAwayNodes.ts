/**
 * Which nodes do not answer.
 */
import { type KubeObject, RESOURCE } from '../core/api/resources.js';
import { listObjects } from '../kube/wire/apply.js';
import type { KubeClient, KubeResult } from '../kube/wire/client.js';

interface NodeObject extends KubeObject {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** Names of nodes that are not ready. */
export async function readAwayNodes(client: KubeClient): Promise<KubeResult<ReadonlySet<string>>> {
  const nodes = await listObjects<NodeObject>(client, RESOURCE.node);
  if (!nodes.ok) return nodes;
  return { ok: true, value: new Set(nodes.value.filter((node) => !isReady(node)).map(({ metadata }) => metadata.name)) };
}

function isReady({ status }: NodeObject): boolean {
  return status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') === true;
}
