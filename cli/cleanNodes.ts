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
const TRIES = 10;

/** What came of it when all are clean, or the time is over. The error says what was refused. */
export async function cleanNodes(client: KubeClient, found: Installation, flags: UninstallFlags, cli: Cli): Promise<Result<NodesProgress>> {
  const begun = await begin(client, found, flags);
  if (!begun.ok) return { ok: false, error: `could not begin to clean nodes at ${client.server}: ${begun.error}` };
  let progress: NodesProgress | undefined;
  const ended = await waitWhile(
    async () => {
      const [daemonSet, pods, away] = await Promise.all([
        getObject<DaemonSet>(client, NODE_AGENTS),
        listObjects<AgentPod>(client, RESOURCE.pod, { namespace: DEFAULT_NAMESPACE, labelSelector: PODS }),
        readAwayNodes(client),
      ]);
      if (!daemonSet.ok) return { ok: false, error: daemonSet.error.message };
      if (!pods.ok) return { ok: false, error: pods.error.message };
      if (!away.ok) return { ok: false, error: away.error.message };
      if (!cleansUp(daemonSet.value)) {
        progress = undefined;
        return { ok: false, error: TURNED_BACK };
      }
      progress = nodesProgress({ daemonSet: daemonSet.value, pods: pods.value, away: away.value });
      return { ok: true, value: progress.done ? undefined : progressText(progress) };
    },
    { cli, timeoutMs: flags.timeout },
  );
  if (progress === undefined) return { ok: false, error: `not finished: ${ended.ok ? 'nothing is known of nodes' : ended.error}` };
  return { ok: true, value: { ...progress, done: ended.ok } };
}

const TURNED_BACK =
  'somebody has turned daemonset node-agent back into that of the agents: is there a program that applies it, such as GitOps?';

function progressText({ clean, waiting, missing }: NodesProgress): string {
  const [first] = waiting;
  const others = first === undefined ? (missing > 0 ? `; ${missing} have no pod yet` : '') : `; ${first.node}: ${first.why}`;
  return `${clean.length} nodes are clean${others}`;
}

async function begin(client: KubeClient, { namespace }: Installation, flags: UninstallFlags): Promise<Result<undefined>> {
  // Whoever had rights in a namespace has none when it is gone.
  if (namespace === undefined) return makeAnew(client, true, flags);
  for (let tries = 1; ; tries += 1) {
    // Not as it was found: taking the cluster out of its federation took a while.
    const installed = await getObject<DaemonSet>(client, NODE_AGENTS);
    if (!installed.ok && installed.error.kind !== 'notFound') return { ok: false, error: installed.error.message };
    if (!installed.ok) return makeAnew(client, false, flags);
    if (cleansUp(installed.value)) return { ok: true, value: undefined };
    const body = cleanUpPatch(installed.value);
    if (body === undefined) return { ok: false, error: 'daemonset node-agent has no container node-agent, so it is not one of Kilofed' };
    const path = resourcePath(KIND.daemonSet, DEFAULT_NAMESPACE, NODE_AGENTS.name);
    const patched = await client.call<KubeObject>({ method: 'PATCH', path, contentType: MERGE, body });
    // Its status changes with each pod that becomes ready or not.
    if (patched.ok || patched.error.kind !== 'conflict' || tries === TRIES) return outcome(patched);
  }
}

async function makeAnew(client: KubeClient, isNamespaceGone: boolean, flags: UninstallFlags): Promise<Result<undefined>> {
  if (isNamespaceGone) {
    const made = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: DEFAULT_NAMESPACE, labels: PRIVILEGED } };
    const answer = await client.call<KubeObject>({ method: 'POST', path: resourcePath(RESOURCE.namespace), body: made });
    if (!answer.ok) return { ok: false, error: answer.error.message };
  }
  const body = cleanUpDaemonSet({ namespace: DEFAULT_NAMESPACE, image: flags.image ?? IMAGE, cniFolder: flags.cniFolder });
  return outcome(await client.call<KubeObject>({ method: 'POST', path: resourcePath(KIND.daemonSet, DEFAULT_NAMESPACE), body }));
}

function outcome(answer: KubeResult<KubeObject>): Result<undefined> {
  return answer.ok ? { ok: true, value: undefined } : { ok: false, error: answer.error.message };
}
