/**
 * A pod of the bare lab: a network namespace behind the node's bridge, with an address of each of the node's pod CIDRs, as the
 * CNI bridge plugin would make it.
 */
import { assigned, hostIn } from './addresses.js';
import { createNamespace, type Namespace } from './namespace.js';

export interface Pod {
  /** The first of its addresses. */
  readonly address: string;
  /** One of each of the node's pod CIDRs. */
  readonly addresses: readonly string[];
  readonly namespace: Namespace;
}

/** The node's pod bridge `cni0` with the first address of each of `podCIDRs`. */
export async function createPodBridge(node: Namespace, podCIDRs: readonly string[], mtu: number): Promise<void> {
  await node.exec(['ip', '-batch', '-'], {
    input: [
      'link add cni0 type bridge',
      `link set cni0 mtu ${mtu} up`,
      ...podCIDRs.map((network) => `addr add ${assigned(network, 1)} dev cni0`),
      '',
    ].join('\n'),
  });
}

export async function createPod(
  node: Namespace,
  podCIDRs: readonly string[],
  options: { readonly host: number; readonly mtu: number },
): Promise<Pod> {
  const { host, mtu } = options;
  const namespace = await createNamespace(`${node.name}-pod${host}`);
  await node.exec(['ip', '-batch', '-'], {
    input: `link add pod${host} type veth peer name eth0 netns ${namespace.pid}\nlink set pod${host} mtu ${mtu} master cni0 up\n`,
  });
  await namespace.exec(['ip', '-batch', '-'], {
    input: [
      ...podCIDRs.map((network) => `addr add ${assigned(network, host)} dev eth0`),
      `link set eth0 mtu ${mtu} up`,
      ...podCIDRs.map((network) => `route add default via ${hostIn(network, 1)}`),
      '',
    ].join('\n'),
  });
  const addresses = podCIDRs.map((network) => hostIn(network, host));
  return { address: addresses[0] ?? '', addresses, namespace };
}
