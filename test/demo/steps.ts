/**
 * What is done on the example federation, and what a pod sees of it.
 */
import { sleep } from '../lab/process.js';
import type { KubeletCluster } from '../lab/kubelet/cluster.js';
import { type Example, exampleFile } from './install.js';

export interface Page {
  /** Pod that answered. */
  readonly server: string;
  /** Address it saw the request come from. */
  readonly client: string;
}

/** What a pod in west gets for `http://web.demo`, by cluster DNS and kube-proxy; undefined: no answer. */
export async function fetchWeb(west: KubeletCluster): Promise<Page | undefined> {
  const printed = await west.kubectl(
    ['-n', 'demo', 'exec', 'client', '--', 'sh', '-c', 'timeout 2 wget -qO- http://web.demo 2>/dev/null || true'],
    { timeoutMs: 20_000 },
  );
  return printed.trim() === '' ? undefined : (JSON.parse(printed.trim().replace('::ffff:', '')) as Page);
}

export async function startWorkloads(example: Example): Promise<void> {
  await Promise.all([startClient(example.west), applyWeb(example.east), applyNamespace(example.north)]);
  await example.east.kubectl(['-n', 'demo', 'rollout', 'status', 'deployment/web', '--timeout=60s'], { timeoutMs: 70_000 });
}

export function applyWeb(east: KubeletCluster): Promise<string> {
  return east.kubectl(['apply', '-f', exampleFile('04-web.yaml')]);
}

/** A member imports only into namespaces that it has. */
export function applyNamespace(north: KubeletCluster): Promise<string> {
  return north.kubectl(['apply', '-f', exampleFile('06-namespace.yaml')]);
}

export async function startClient(west: KubeletCluster): Promise<void> {
  await west.kubectl(['apply', '-f', exampleFile('05-client.yaml')]);
  await west.kubectl(['-n', 'demo', 'wait', '--for=condition=Ready', 'pod/client', '--timeout=60s'], { timeoutMs: 70_000 });
}

export async function clientAddress(west: KubeletCluster): Promise<string> {
  return (await west.kubectl(['-n', 'demo', 'get', 'pod', 'client', '-o', 'jsonpath={.status.podIP}'])).trim();
}

export function setExported(east: KubeletCluster, exported: boolean): Promise<string> {
  return east.kubectl([
    '-n',
    'demo',
    'annotate',
    'service',
    'web',
    exported ? 'kilofed.io/export=true' : 'kilofed.io/export-',
    '--overwrite',
  ]);
}

/** Every server that answers in a row of requests. */
export async function servers(west: KubeletCluster, requests: number): Promise<ReadonlySet<string>> {
  const seen = new Set<string>();
  const printed = await west.kubectl(
    [
      '-n',
      'demo',
      'exec',
      'client',
      '--',
      'sh',
      '-c',
      `for i in $(seq ${requests}); do timeout 2 wget -qO- http://web.demo 2>/dev/null; done; true`,
    ],
    { timeoutMs: 60_000 },
  );
  for (const line of printed
    .trim()
    .split('\n')
    .filter((each) => each !== ''))
    seen.add((JSON.parse(line) as Page).server);
  return seen;
}

/** Un-exported means gone: no Service of the name, so no address for it, either. */
export async function isGone(west: KubeletCluster): Promise<true | undefined> {
  const left = await west.kubectl(['-n', 'demo', 'get', 'service', 'web', '--ignore-not-found', '-o', 'name']);
  await sleep(20);
  return left.trim() === '' ? true : undefined;
}
