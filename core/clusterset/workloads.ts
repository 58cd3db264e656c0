/**
 * What a Deployment or DaemonSet says of the DNS server that it runs: which ConfigMap it reads, as whom, and which image it is.
 */
import type { DnsServer, Workload } from './facts.js';
import { serverImports } from './zone.js';

/** Where the Corefile lies in CoreDNS's container, by convention. Imports are relative to it. */
const COREFILE_FOLDER = '/etc/coredns';

/** The one that mounts the ConfigMap `config`. */
export function findServer(
  workloads: readonly Workload[],
  config: string,
  corefile: string,
): (Omit<DnsServer, 'further'> & { readonly further?: string }) | undefined {
  for (const workload of workloads) {
    const { containers, serviceAccountName = 'default' } = workload.spec.template.spec;
    const selector = workload.spec.selector?.matchLabels;
    const container = containers.find((each) => mountsOf(workload, each).some((mount) => mount.configMap === config));
    if (container === undefined) continue;
    const folders = serverImports(corefile).map((pattern) => resolved(pattern.slice(0, pattern.lastIndexOf('/'))));
    const further = mountsOf(workload, container).find(({ path }) => folders.includes(path))?.configMap;
    return {
      name: `${workload.kind} ${workload.metadata.name}`,
      serviceAccount: serviceAccountName,
      image: container.image ?? '',
      ...(selector !== undefined && { selector }),
      ...(further !== undefined && { further }),
    };
  }
  return undefined;
}

/** The node-local caches (kubernetes/dns), with the names of the ConfigMaps that they read. */
export function findNodeLocal(workloads: readonly Workload[]): readonly { readonly name: string; readonly configs: readonly string[] }[] {
  return workloads
    .filter(({ spec }) => spec.template.spec.containers.some(({ image }) => /\/?k8s-dns-node-cache[^/]*$/.test(image ?? '')))
    .map((workload) => ({
      name: `${workload.kind} ${workload.metadata.name}`,
      configs: (workload.spec.template.spec.volumes ?? []).flatMap(({ configMap }) => configMap?.name ?? []),
    }));
}

type Container = Workload['spec']['template']['spec']['containers'][number];

function mountsOf(workload: Workload, container: Container): readonly { readonly path: string; readonly configMap: string }[] {
  const volumes = new Map(workload.spec.template.spec.volumes?.map(({ name, configMap }) => [name, configMap?.name]));
  return (container.volumeMounts ?? []).flatMap(({ name, mountPath }) => {
    const configMap = volumes.get(name);
    return configMap === undefined ? [] : [{ path: mountPath.replace(/\/$/, ''), configMap }];
  });
}

function resolved(folder: string): string {
  return folder.startsWith('/') ? folder : `${COREFILE_FOLDER}/${folder}`;
}
