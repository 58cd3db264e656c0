/**
 * Does a pod of every node reach a pod of every other node, under its own address?
 */
import { until } from '../lab/process.js';
import type { KubeletCluster } from '../lab/kubelet/cluster.js';
import { startProbePods } from './podFlows.js';

interface ProbePod {
  readonly cluster: KubeletCluster;
  readonly name: string;
  readonly address: string;
}

/** Makes the pods, and tries all pairs for a minute. `wrong`: those that do not, and who was seen instead. */
export async function tryAllPairs(
  clusters: readonly KubeletCluster[],
): Promise<{ readonly pods: number; readonly wrong: readonly string[] }> {
  await Promise.all(clusters.map(startProbePods));
  const pods = (await Promise.all(clusters.map(probePods))).flat();
  let wrong: readonly string[] = ['not tried'];
  await until('all pairs', 60_000, async () => {
    wrong = await wrongPairs(pods);
    return wrong.length === 0 ? true : undefined;
  }).catch(() => undefined);
  return { pods: pods.length, wrong };
}

async function wrongPairs(pods: readonly ProbePod[]): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const from of pods) {
    const script = pods
      .filter((to) => to !== from)
      .map((to) => `echo ${to.name} $(timeout 2 wget -qO- http://${to.address}:8080)`)
      .join('; ');
    const seen = (await from.cluster.kubectl(['exec', from.name, '--', 'sh', '-c', script], { timeoutMs: 60_000 })).trim().split('\n');
    wrong.push(...seen.filter((line) => line.split(' ')[1] !== from.address).map((line) => `${from.name} -> ${line}`));
  }
  return wrong;
}

async function probePods(cluster: KubeletCluster): Promise<readonly ProbePod[]> {
  const fields = 'jsonpath={range .items[*]}{.metadata.name} {.status.podIP}{"\\n"}{end}';
  const printed = await cluster.kubectl(['get', 'pods', '-l', 'app=probe', '-o', fields]);
  return printed
    .trim()
    .split('\n')
    .map((line) => ({ cluster, name: line.split(' ')[0] ?? '', address: line.split(' ')[1] ?? '' }));
}
