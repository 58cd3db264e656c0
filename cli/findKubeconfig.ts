/**
 * Which kubeconfig a command line means: the file it names, else the first of the usual ones that knows the context.
 */
import type { Result } from '../core/runtime/result.js';
import { readFile } from 'node:fs/promises';
import { isNativeError } from 'node:util/types';
import { OF_THIS_MACHINE } from '../kube/config/fields.js';
import { readKubeconfig } from '../kube/config/readKubeconfig.js';

export interface ClusterFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
}

interface KubeconfigFile {
  readonly path: string;
  readonly text: string;
}

/** `usual`: paths to look at when no flag names one. The error says why none can be used. */
export async function findKubeconfig(flags: ClusterFlags, usual: readonly string[]): Promise<Result<KubeconfigFile>> {
  const paths = flags.kubeconfig === undefined ? usual : [flags.kubeconfig];
  const reads = await Promise.allSettled(paths.map((path) => readFile(path, 'utf8')));
  const files = reads.flatMap((read, index) => (read.status === 'fulfilled' ? [{ path: paths[index] ?? '', text: read.value }] : []));
  const parsed = files.map((file) => ({ file, parts: readKubeconfig(file.text, flags.context, OF_THIS_MACHINE) }));
  const found = parsed.find(({ parts }) => parts.ok);
  if (found !== undefined) return { ok: true, value: found.file };
  const malformed = parsed.flatMap(({ file, parts }) => (parts.ok ? [] : [`${file.path}: ${parts.error}`]));
  if (malformed.length > 0) return { ok: false, error: malformed.join('; ') };
  const failures = reads.flatMap((read, index) => (read.status === 'fulfilled' ? [] : [unreadable(paths[index] ?? '', read.reason)]));
  return { ok: false, error: `no kubeconfig: ${failures.join('; ')}` };
}

function unreadable(path: string, error: unknown): string {
  if (!isNativeError(error)) return `${path}: ${String(error)}`;
  return 'code' in error && error.code === 'ENOENT' ? `${path} does not exist` : `${path}: ${error.message.split('\n', 1)[0]}`;
}
