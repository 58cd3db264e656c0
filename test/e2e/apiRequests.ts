/**
 * What an API server itself counted: write requests on the resources that the hub writes.
 */
import type { KubeClient } from '../../kube/wire/client.js';

/** Leases are left out: an API server renews its own. The hub has none. */
const WRITTEN = new Set([
  'peers',
  'services',
  'endpointslices',
  'serviceexports',
  'serviceimports',
  'events',
  'namespaces',
  'meshes',
  'meshnodes',
  'nodepolicies',
  'gatewayreports',
]);
const READS = new Set(['GET', 'LIST', 'WATCH', 'WATCHLIST', 'CONNECT']);

/** As `countWrites`. */
export async function writeRequests(cluster: { readonly client: KubeClient }): Promise<Map<string, number>> {
  return countWrites(await rawMetrics(cluster));
}

/** `verb resource[/subresource]` to count, from `apiserver_request_total` among an API server's metrics. */
export function countWrites(metrics: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of metrics.split('\n')) {
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
  return Object.fromEntries(
    [...after].map(([key, count]): [string, number] => [key, count - (before.get(key) ?? 0)]).filter(([, count]) => count !== 0),
  );
}

/** Of these, what the hub may have written. Figures of links, and Events of them, go out at any time. */
export function byHub(written: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(written).filter(([key]) => !/ (gatewayreports|meshes|events)/.test(key)));
}

async function rawMetrics(cluster: { readonly client: KubeClient }): Promise<string> {
  let text = '';
  const result = await cluster.client.stream({ path: '/metrics', idleMs: 10_000 }, (line) => {
    text += `${line}\n`;
  });
  if (!result.ok) throw new Error(result.error.message);
  return text;
}
