/**
 * What is believed of the MeshNodes of a cluster.
 *
 * A node's agent writes its MeshNode itself, so whoever has its token could claim another node's pods, move into any location, or
 * offer a way to any network. But all that is told of a node there stands in its Node object, too, which no agent may write. The
 * cluster-agent compares the two and says in the status what the Node confirms; only that is believed, by everyone, whether
 * the cluster-agent still runs or not.
 */
import type { MeshNode } from '../api/meshNode.js';
import { addressOf, singleAddress } from '../net/cidr.js';

/**
 * Each node with what is confirmed of it; without those that the cluster-agent has not looked at yet. Where an older
 * cluster-agent has, which confirmed nothing, the spec is taken as it is.
 */
export function believed(nodes: readonly MeshNode[]): MeshNode[] {
  return nodes.flatMap((node) => {
    const { confirmed, meshAddresses } = node.status ?? {};
    if (confirmed !== undefined) return [{ ...node, spec: { ...node.spec, ...narrowed(node.spec, confirmed) } }];
    return meshAddresses === undefined ? [] : [node];
  });
}

/**
 * Whether a node may use its key: another node's is refused to it, or that one would lose its tunnels, since an interface has
 * one peer of a key. Every key is one's own that nobody else has been confirmed.
 */
export function keyOwnership(nodes: readonly MeshNode[]): (node: MeshNode) => boolean {
  const owners = new Map(nodes.flatMap(({ metadata: { name }, status }) => (status?.confirmed?.publicKey === undefined ? [] : [[status.confirmed.publicKey, name] as const])));
  return ({ metadata: { name }, spec: { publicKey } }) => (owners.get(publicKey) ?? name) === name;
}

type Spec = MeshNode['spec'];
export type Confirmed = NonNullable<NonNullable<MeshNode['status']>['confirmed']>;

/**
 * Where the Node says another address than the agent, which may be about to follow, it has that address: with none it would stand alone for
 * a moment, and nobody could dial it, so it would give up its slot, or bring one along that another has.
 */
function narrowed(spec: Spec, confirmed: Confirmed): Partial<Spec> {
  const { podCIDRs, allowedLocationIPs } = spec;
  const internalIPs = spec.internalIPs.filter((each) => confirmed.internalIPs.includes(addressOf(each) ?? ''));
  const endpoints = spec.endpoints.filter(({ host }) => confirmed.endpoints.includes(host));
  return {
    location: confirmed.location,
    podCIDRs: podCIDRs.filter((each) => confirmed.podCIDRs.includes(each)),
    internalIPs: internalIPs.length > 0 ? internalIPs : confirmed.internalIPs.map(singleAddress),
    endpoints: endpoints.length > 0 ? endpoints : spec.endpoints.slice(0, 1).flatMap(({ port }) => confirmed.endpoints.map((host) => ({ host, port }))),
    allowedLocationIPs: allowedLocationIPs?.filter((each) => confirmed.allowedLocationIPs?.includes(each)),
  };
}
