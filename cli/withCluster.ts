/**
 * A client for the cluster that a command line means, for as long as it is used.
 */
import { dirname, resolve } from 'node:path';
import type { Result } from '../core/runtime/result.js';
import { VERSION } from '../core/api/version.js';
import { OF_THIS_MACHINE } from '../kube/config/fields.js';
import { loadKubeconfig } from '../kube/config/kubeconfig.js';
import type { KubeClient } from '../kube/wire/client.js';
import { createKubeClient } from '../kube/wire/http2Client.js';
import { systemClock } from '../kube/wire/systemClock.js';
import type { Cli } from './cli.js';
import { type ClusterFlags, findKubeconfig } from './findKubeconfig.js';

const SLOW_MS = 2_000;

/** What `use` says; or why there is no such cluster, and what to do. */
export async function withCluster<T>(
  flags: ClusterFlags,
  cli: Pick<Cli, 'err' | 'kubeconfigs' | 'environment'>,
  use: (client: KubeClient) => Promise<Result<T>>,
): Promise<Result<T>> {
  const file = await findKubeconfig(flags, cli.kubeconfigs);
  if (!file.ok) return { ok: false, error: `${file.error}. Name that of the cluster with --kubeconfig and --context.` };
  const loaded = loadKubeconfig(file.value.text, {
    now: () => systemClock.now(),
    directory: dirname(resolve(file.value.path)),
    rights: OF_THIS_MACHINE,
    environment: cli.environment,
    ...(flags.context === undefined ? {} : { context: flags.context }),
  });
  if (!loaded.ok) return { ok: false, error: `${file.value.path}: ${loaded.error}` };
  const client = createKubeClient({ ...loaded.value, userAgent: `kilofed/${VERSION}` }, { clock: systemClock });
  const slow = setTimeout(() => cli.err(`kilofed: still waiting for ${client.server}\n`), SLOW_MS);
  try {
    return await use(client);
  } finally {
    clearTimeout(slow);
    client.close();
  }
}
