/**
 * Asks the pods of a cluster's CoreDNS whether they serve clusterset.local, each by a port-forward: one may have read another Corefile than
 * the next.
 */
import { dirname, resolve } from 'node:path';
import { type KubeObject, RESOURCE } from '../core/api/resources.js';
import { answersZone, isWholeMessage, zoneQuestion } from '../core/clusterset/dnsMessage.js';
import type { PodAnswer } from '../core/clusterset/dnsStatus.js';
import type { DnsFacts } from '../core/clusterset/facts.js';
import type { Result } from '../core/runtime/result.js';
import { exchangeWithPod } from '../kube/config/throughPod.js';
import { listObjects } from '../kube/wire/apply.js';
import type { KubeClient } from '../kube/wire/client.js';
import { type ClusterFlags, findKubeconfig } from './findKubeconfig.js';

const DNS_PORT = 53;
const TIMEOUT_MS = 5_000;
const MOST_PODS = 20;

interface Pod extends KubeObject {
  readonly status?: { readonly phase?: string };
}

/** None where there are none, or may not be listed. */
export async function askDns(
  client: KubeClient,
  { namespace, server }: DnsFacts,
  { flags, kubeconfigs }: { readonly flags: ClusterFlags; readonly kubeconfigs: readonly string[] },
): Promise<readonly PodAnswer[]> {
  const file = await findKubeconfig(flags, kubeconfigs);
  const labelSelector = Object.entries(server?.selector ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  if (!file.ok || labelSelector === '') return [];
  const listed = await listObjects<Pod>(client, RESOURCE.pod, { namespace, labelSelector });
  const running = listed.ok
    ? listed.value.filter(({ metadata, status }) => metadata.deletionTimestamp === undefined && status?.phase === 'Running')
    : [];
  const place = {
    directory: dirname(resolve(file.value.path)),
    timeoutMs: TIMEOUT_MS,
    ...(flags.context !== undefined && { context: flags.context }),
  };
  return Promise.all(
    running.slice(0, MOST_PODS).map(async ({ metadata: { name } }): Promise<PodAnswer> => {
      const target = { ...place, namespace, pod: name, port: DNS_PORT };
      return { pod: name, answers: verdict(await exchangeWithPod(file.value.text, target, zoneQuestion(), isWholeMessage)) };
    }),
  );
}

function verdict(answer: Result<Uint8Array>): Result<boolean> {
  if (!answer.ok) return answer;
  const answers = answersZone(answer.value);
  return answers === undefined ? { ok: false, error: 'what came is no DNS answer' } : { ok: true, value: answers };
}
