/**
 * A pod of the bare lab: a network namespace behind the node's bridge, with an address of the node's pod CIDR, as the CNI
 * bridge plugin would make it.
 */
import { createNamespace, type Namespace } from './namespace.js';

export interface Pod {
  readonly address: string;
  readonly namespace: Namespace;
}

/** The node's pod bridge `cni0` with the first address of `podCIDR` (an IPv4 /24). */
export async function createPodBridge(node: Namespace, podCIDR: string, mtu: number): Promise<void> {
  const prefix = podCIDR.replace(/\.0\/24$/, '');
  await node.exec(['ip', '-batch', '-'], {
    input: `link add cni0 type bridge\nlink set cni0 mtu ${mtu} up\naddr add ${prefix}.1/24 dev cni0\n`,
  });
}

export async function createPod(node: Namespace, podCIDR: string, options: { readonly host: number; readonly mtu: number }): Promise<Pod> {
  const prefix = podCIDR.replace(/\.0\/24$/, '');
  const address = `${prefix}.${options.host}`;
  const namespace = await createNamespace(`${node.name}-pod${options.host}`);
  await node.exec(['ip', '-batch', '-'], {
    input: `link add pod${options.host} type veth peer name eth0 netns ${namespace.pid}\nlink set pod${options.host} mtu ${options.mtu} master cni0 up\n`,
  });
  await namespace.exec(['ip', '-batch', '-'], {
    input: `addr add ${address}/24 dev eth0\nlink set eth0 mtu ${options.mtu} up\nroute add default via ${prefix}.1\n`,
  });
  return { address, namespace };
}
