/**
 * Where the programs that the lab runs are: `KUBEBUILDER_ASSETS`, else the cache folder that `build.ts` fills.
 */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The cache folder, one sub-folder per Go module and version. */
export const CACHE = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'kilofed', 'binaries');

const OLDEST = '1.31';

const MODULE: Readonly<Record<string, string>> = {
  kubectl: 'kubernetes-v1.35.4',
  'kube-apiserver': 'kubernetes-v1.35.4',
  'kube-apiserver-1.31': 'kubernetes-v1.31.14',
  'kube-controller-manager': 'kubernetes-v1.35.4',
  'kube-scheduler': 'kubernetes-v1.35.4',
  'kube-proxy': 'kubernetes-v1.35.4',
  kubelet: 'kubernetes-v1.35.4',
  etcd: 'etcd',
  coredns: 'coredns',
  flanneld: 'flannel',
  helm3: 'helm3',
  helm4: 'helm4',
  'wireguard-go': 'wireguard-go',
};

export type Binary = keyof typeof MODULE;

/** Where the cache keeps the program. */
export function cacheFolder(name: Binary): string {
  return join(CACHE, MODULE[name] ?? '');
}

/** The API server that tests of single parts run against: `KUBERNETES=1.31` has the oldest one that the README promises. */
export const API_SERVER: Binary = process.env['KUBERNETES'] === OLDEST ? `kube-apiserver-${OLDEST}` : 'kube-apiserver';

/** The program's absolute path, or undefined when it has to be built first. */
export function binaryPath(name: Binary): string | undefined {
  const folders = [process.env['KUBEBUILDER_ASSETS'], cacheFolder(name)];
  return folders
    .filter((folder) => folder !== undefined)
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}
