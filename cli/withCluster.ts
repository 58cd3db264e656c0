/**
 * A client for the cluster that a command line means, for as long as it is used.
 */
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Result } from '../core/runtime/result.js';
import { VERSION } from '../core/api/version.js';
import { OF_THIS_MACHINE } from '../kube/config/fields.js';
import { loadKubeconfig } from '../kube/config/kubeconfig.js';
import type { ConnectionOptions, KubeClient } from '../kube/wire/client.js';
import { createKubeClient } from '../kube/wire/http2Client.js';
import { fileConnection, inClusterFiles } from '../kube/wire/inCluster.js';
import { systemClock } from '../kube/wire/systemClock.js';
import type { Cli } from './cli.js';
import { type ClusterFlags, findKubeconfig } from './findKubeconfig.js';

const SLOW_MS = 2_000;

/** What `use` says; or why there is no such cluster, and what to do. In a pod without a kubeconfig it is the cluster of the pod. */
export async function withCluster<T>(
  flags: ClusterFlags,
  cli: Pick<Cli, 'err' | 'kubeconfigs' | 'environment'>,
  use: (client: KubeClient) => Promise<Result<T>>,
): Promise<Result<T>> {
  const found = await connectionOf(flags, cli);
  if (!found.ok) return found;
  const client = createKubeClient({ ...found.value, userAgent: `kilofed/${VERSION}` }, { clock: systemClock });
  const slow = setTimeout(() => cli.err(`kilofed: still waiting for ${client.server}\n`), SLOW_MS);
  try {
    return await use(client);
  } finally {
    clearTimeout(slow);
    client.close();
  }
}

async function connectionOf(
  flags: ClusterFlags,
  cli: Pick<Cli, 'kubeconfigs' | 'environment'>,
): Promise<Result<Omit<ConnectionOptions, 'userAgent'>>> {
  const file = await findKubeconfig(flags, cli.kubeconfigs);
  if (!file.ok) {
    const inPod = inClusterFiles(cli.environment);
    const isNamed = flags.kubeconfig !== undefined || flags.context !== undefined;
    if (inPod !== undefined && !isNamed && existsSync(inPod.tokenFile)) return { ok: true, value: fileConnection(inPod) };
    return { ok: false, error: `${file.error}. Name that of the cluster with --kubeconfig and --context.` };
  }
  const loaded = loadKubeconfig(file.value.text, {
    now: () => systemClock.now(),
    directory: dirname(resolve(file.value.path)),
    rights: OF_THIS_MACHINE,
    environment: cli.environment,
    ...(flags.context === undefined ? {} : { context: flags.context }),
  });
  return loaded.ok ? loaded : { ok: false, error: `${file.value.path}: ${loaded.error}` };
}
