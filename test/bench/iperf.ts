/**
 * One measurement of iperf3 between two pods.
 */
import type { BareNode } from '../bare/cluster.js';

const SECONDS = 3;

/** Received Mbit/s of so many TCP streams together, to a server that runs at `to`. */
export async function measureThroughput(from: BareNode, to: string, streams: number): Promise<number> {
  const printed = await from.pod.namespace.exec(
    ['iperf3', '--client', to, '--parallel', String(streams), '--time', String(SECONDS), '--omit', '1', '--json'],
    { timeoutMs: (SECONDS + 15) * 1000 },
  );
  const report = JSON.parse(printed) as { readonly end: { readonly sum_received: { readonly bits_per_second: number } } };
  return report.end.sum_received.bits_per_second / 1e6;
}
