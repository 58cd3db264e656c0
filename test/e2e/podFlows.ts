/**
 * Flows between pods of real kubelets: the flow program, run in them by `kubectl exec`.
 */
import { type FlowEnd, flowsBy } from '../bare/flow.js';
import { binaryPath } from '../lab/binaries/locate.js';
import type { KubeletCluster } from '../lab/kubelet/cluster.js';
import { start } from '../lab/process.js';

/** The pod with that label on that node, which must have node in its image. */
export async function podOn(cluster: KubeletCluster, node: string, label: string): Promise<FlowEnd> {
  const printed = await cluster.kubectl(['get', 'pods', '-l', label, `--field-selector=spec.nodeName=${node}`, '-o', 'jsonpath={.items[0].metadata.name} {.items[0].status.podIP}']);
  const [name = '', address = ''] = printed.trim().split(' ');
  const kubectl = [binaryPath('kubectl') ?? 'kubectl', `--kubeconfig=${cluster.kubeconfigFile}`];
  const flows = await flowsBy((argv) => start([...kubectl, 'exec', '-i', name, '--', ...argv], { stdio: ['pipe', 'pipe', 'inherit'] }));
  return { address, flows };
}
