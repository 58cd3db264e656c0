/**
 * Has every node cleaned by a pod of its own, and waits for them.
 */
import { DEFAULT_NAMESPACE } from '../core/api/names.js';
import { type KubeObject, RESOURCE, resourcePath } from '../core/api/resources.js';
import { VERSION } from '../core/api/version.js';
import type { Result } from '../core/runtime/result.js';
import {
  type AgentPod,
  cleansUp,
  cleanUpDaemonSet,
  cleanUpPatch,
  type DaemonSet,
  type NodesProgress,
  nodesProgress,
} from '../core/uninstall/cleanUpPods.js';
import type { Installation } from '../core/uninstall/installation.js';
import { KIND } from '../core/uninstall/kinds.js';
import { NODE_AGENTS } from '../core/uninstall/ownObjects.js';
import { getObject, listObjects } from '../kube/wire/apply.js';
import type { KubeClient, KubeResult } from '../kube/wire/client.js';
import type { Cli } from './cli.js';
import type { UninstallFlags } from './uninstallFlags.js';
import { readAwayNodes } from './readAwayNodes.js';
import { waitWhile } from './waitWhile.js';

const IMAGE = `ghcr.io/kilofed/kilofed:${VERSION}`;
const PODS = 'app.kubernetes.io/name=kilofed-node-agent';
const PRIVILEGED = { 'pod-security.kubernetes.io/enforce': 'privileged' };
const MERGE = 'application/merge-patch+json';

/** What came of it when all are clean, or the time is over. The error says what was refused. */
export async function cleanNodes(client: KubeClient, found: Installation, flags: UninstallFlags, cli: Cli): Promise<Result<NodesProgress>> {
  const begun = await begin(client, found, flags);
  if (!begun.ok) return { ok: false, error: `could not begin to clean nodes at ${client.server}: ${begun.error}` };
  let progress: NodesProgress = { clean: [], waiting: [], done: false };
  await waitWhile(
    async () => {
      const [daemonSet, pods, away] = await Promise.all([
        getObject<DaemonSet>(client, NODE_AGENTS),
        listObjects<AgentPod>(client, RESOURCE.pod, { namespace: DEFAULT_NAMESPACE, labelSelector: PODS }),
        readAwayNodes(client),
      ]);
      if (!daemonSet.ok) return { ok: false, error: daemonSet.error.message };
      if (!pods.ok) return { ok: false, error: pods.error.message };
      if (!away.ok) return { ok: false, error: away.error.message };
      progress = nodesProgress({ daemonSet: daemonSet.value, pods: pods.value, away: away.value });
      const { clean, waiting, done } = progress;
      if (done) return { ok: true, value: undefined };
      const [first] = waiting;
      return { ok: true, value: `${clean.length} nodes are clean${first === undefined ? '' : `; ${first.node}: ${first.why}`}` };
    },
    { cli, timeoutMs: flags.timeout },
  );
  return { ok: true, value: progress };
}

async function begin(client: KubeClient, { nodeAgents, namespace }: Installation, flags: UninstallFlags): Promise<Result<undefined>> {
  if (nodeAgents === undefined) {
    if (namespace === undefined) {
      const made = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: DEFAULT_NAMESPACE, labels: PRIVILEGED } };
      const answer = await client.call<KubeObject>({ method: 'POST', path: resourcePath(RESOURCE.namespace), body: made });
      if (!answer.ok) return { ok: false, error: answer.error.message };
    }
    const body = cleanUpDaemonSet({ namespace: DEFAULT_NAMESPACE, image: flags.image ?? IMAGE, cniFolder: flags.cniFolder });
    return outcome(await client.call<KubeObject>({ method: 'POST', path: resourcePath(KIND.daemonSet, DEFAULT_NAMESPACE), body }));
  }
  if (cleansUp(nodeAgents)) return { ok: true, value: undefined };
  const body = cleanUpPatch(nodeAgents);
  if (body === undefined) return { ok: false, error: 'daemonset node-agent has no container node-agent, so it is not one of Kilofed' };
  const path = resourcePath(KIND.daemonSet, DEFAULT_NAMESPACE, NODE_AGENTS.name);
  return outcome(await client.call<KubeObject>({ method: 'PATCH', path, contentType: MERGE, body }));
}

function outcome(answer: KubeResult<KubeObject>): Result<undefined> {
  return answer.ok ? { ok: true, value: undefined } : { ok: false, error: answer.error.message };
}
