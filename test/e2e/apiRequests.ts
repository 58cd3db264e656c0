/**
 * What an API server itself counted: write requests on the resources that the hub writes.
 */
import type { KubeClient } from '../../kube/wire/client.js';

/** Leases are left out: an API server renews its own. The hub has none. */
const WRITTEN = new Set(['peers', 'services', 'endpointslices', 'serviceexports', 'serviceimports', 'events', 'namespaces', 'meshes', 'meshnodes']);
const READS = new Set(['GET', 'LIST', 'WATCH', 'WATCHLIST', 'CONNECT']);

/** `verb resource[/subresource]` to count, from `apiserver_request_total`. */
export async function writeRequests(cluster: { readonly client: KubeClient }): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  const answer = await rawMetrics(cluster);
  for (const line of answer.split('\n')) {
    const match = /^apiserver_request_total\{(.*)\} (\S+)$/.exec(line);
    if (match === null) continue;
    const labels = Object.fromEntries([...(match[1] ?? '').matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
    const { verb = '', resource = '', subresource = '' } = labels;
    if (READS.has(verb) || !WRITTEN.has(resource)) continue;
    const key = `${verb} ${resource}${subresource === '' ? '' : `/${subresource}`}`;
    counts.set(key, (counts.get(key) ?? 0) + Number(match[2]));
  }
  return counts;
}

/** What was counted in between. */
export function difference(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...after].map(([key, count]): [string, number] => [key, count - (before.get(key) ?? 0)]).filter(([, count]) => count !== 0));
}

async function rawMetrics(cluster: { readonly client: KubeClient }): Promise<string> {
  let text = '';
  const result = await cluster.client.stream({ path: '/metrics', idleMs: 10_000 }, (line) => {
    text += `${line}\n`;
  });
  if (!result.ok) throw new Error(result.error.message);
  return text;
}
