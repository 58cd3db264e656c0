/**
 * A pod on every node of a real cluster that tells who asks, and flows between such pods.
 */
import { type FlowEnd, flowsBy } from '../bare/flow.js';
import type { KubeletCluster } from '../lab/kubelet/cluster.js';
import { TOOLS_IMAGE } from '../lab/kubelet/images.js';
import type { KubeletNode } from '../lab/kubelet/node.js';
import { start } from '../lab/process.js';

/** In namespace default, labelled app=probe. Answers on 8080 with the address that it sees. */
const PROBE_PODS = {
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: { name: 'probe', namespace: 'default' },
  spec: {
    selector: { matchLabels: { app: 'probe' } },
    template: {
      metadata: { labels: { app: 'probe' } },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [
          {
            name: 'probe',
            image: TOOLS_IMAGE,
            imagePullPolicy: 'IfNotPresent',
            command: [
              'node',
              '-e',
              "require('http').createServer((q, r) => r.end(q.socket.remoteAddress.replace('::ffff:', ''))).listen(8080)",
            ],
            readinessProbe: { httpGet: { port: 8080, path: '/' }, periodSeconds: 1 },
          },
        ],
      },
    },
  },
};

/** Resolves when every node has one that answers. */
export async function startProbePods(cluster: KubeletCluster): Promise<void> {
  await cluster.kubectl(['apply', '-f', '-'], { input: JSON.stringify(PROBE_PODS) });
  await cluster.kubectl(['rollout', 'status', 'daemonset/probe', '--timeout=60s'], { timeoutMs: 70_000 });
}

/**
 * The pod with that label on that node. The program runs in its network, but not as `kubectl exec` would have it: flows go on while no API
 * server runs.
 */
export async function podOn(cluster: KubeletCluster, node: KubeletNode, label: string): Promise<FlowEnd> {
  const address = (
    await cluster.kubectl([
      'get',
      'pods',
      '-l',
      label,
      `--field-selector=spec.nodeName=${node.name}`,
      '-o',
      'jsonpath={.items[0].status.podIP}',
    ])
  ).trim();
  const find = `for net in /run/netns/*; do nsenter --net=$net ip -o addr | grep -qw "$1" && echo $net; done; true`;
  const network = (await node.exec(['bash', '-c', find, 'find', address])).trim();
  if (network === '') throw new Error(`${node.name} has no network with ${address}`);
  const flows = await flowsBy((argv) =>
    start([...node.inside(['nsenter', `--net=${network}`, ...argv])], { stdio: ['pipe', 'pipe', 'inherit'] }),
  );
  return { address, flows };
}
