/**
 * Which kubeconfig a command line means: the file it names, else the first of the usual ones that knows the context.
 */
import { readFile } from 'node:fs/promises';
import { isNativeError } from 'node:util/types';
import { readKubeconfig } from '../kube/config/readKubeconfig.js';

export interface ClusterFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
}

export interface KubeconfigFile {
  readonly path: string;
  readonly text: string;
}

/** `usual`: paths to look at when no flag names one. Otherwise why none can be read. */
export async function findKubeconfig(flags: ClusterFlags, usual: readonly string[]): Promise<KubeconfigFile | { readonly complaint: string }> {
  const paths = flags.kubeconfig === undefined ? usual : [flags.kubeconfig];
  const reads = await Promise.allSettled(paths.map((path) => readFile(path, 'utf8')));
  const files = reads.flatMap((read, index) => (read.status === 'fulfilled' ? [{ path: paths[index] ?? '', text: read.value }] : []));
  const found = files.find(({ text }) => readKubeconfig(text, flags.context).ok) ?? files[0];
  if (found !== undefined) return found;
  return { complaint: `no kubeconfig: ${reads.flatMap((read, index) => (read.status === 'fulfilled' ? [] : [unreadable(paths[index] ?? '', read.reason)])).join('; ')}` };
}

function unreadable(path: string, error: unknown): string {
  if (!isNativeError(error)) return `${path}: ${String(error)}`;
  return 'code' in error && error.code === 'ENOENT' ? `${path} does not exist` : (error.message.split('\n', 1)[0] ?? '');
}
