/**
 * The part of the MeshNodes of a cluster that planners use: what their Nodes verify.
 *
 * A node's agent writes its MeshNode itself, so whoever has its token could claim another node's pods, move into any location, or
 * offer a path to any network. But everything it says there also stands in its Node object, which no agent may write. The cluster-agent
 * compares the two and writes what the Node verifies into the status. Everyone plans by that alone, also while the cluster-agent is away.
 * Where a network plugin gives pods other addresses than the Node says, the cluster-agent writes its ranges there, too.
 */
import type { MeshNode } from '../api/meshNode.js';
import { addressOf, singleAddress } from '../net/cidr.js';
import { perObject } from '../memory/perObject.js';

/**
 * Each node with the verified part of its spec, without those that the cluster-agent has not looked at yet. After an older
 * cluster-agent, which verified nothing, the spec is taken as it is.
 */
export function verifiedNodes(nodes: readonly MeshNode[]): MeshNode[] {
  return nodes.flatMap(verifiedNode);
}

/** None or one. */
export const verifiedNode = perObject((node: MeshNode): readonly MeshNode[] => {
  const { verified, meshAddresses, assignedPods } = node.status ?? {};
  if (verified !== undefined) {
    const known = narrowed(node.spec, verified);
    return [{ ...node, spec: { ...node.spec, ...known, podCIDRs: assignedPods?.cidrs ?? known.podCIDRs } }];
  }
  return meshAddresses === undefined ? [] : [node];
});

/**
 * Whether a node may use its key: another node's is refused to it, or that one would lose its tunnels, since an interface has
 * one peer of a key. A key that is verified for nobody else is the node's own.
 */
export function keyOwnership(nodes: readonly MeshNode[]): (node: MeshNode) => boolean {
  const owners = new Map<string, string>();
  for (const { metadata, status } of nodes) {
    const key = status?.verified?.publicKey;
    if (key !== undefined) owners.set(key, metadata.name);
  }
  return ({ metadata: { name }, spec: { publicKey } }) => (owners.get(publicKey) ?? name) === name;
}

type Spec = MeshNode['spec'];
export type Verified = NonNullable<NonNullable<MeshNode['status']>['verified']>;

/**
 * Where the Node has other addresses than its agent published, which may be about to follow, the Node's are used. With none, the node
 * would stand alone for a moment and nobody could dial it, so it would lose its slot.
 */
function narrowed(spec: Spec, verified: Verified): Partial<Spec> & Pick<Spec, 'podCIDRs'> {
  const { podCIDRs, allowedLocationIPs } = spec;
  const internalIPs = spec.internalIPs.filter((each) => verified.internalIPs.includes(addressOf(each) ?? ''));
  const endpoints = spec.endpoints.filter(({ host }) => verified.endpoints.includes(host));
  return {
    location: verified.location,
    podCIDRs: podCIDRs.filter((each) => verified.podCIDRs.includes(each)),
    internalIPs: internalIPs.length > 0 ? internalIPs : verified.internalIPs.map(singleAddress),
    endpoints:
      endpoints.length > 0
        ? endpoints
        : spec.endpoints.slice(0, 1).flatMap(({ port }) => verified.endpoints.map((host) => ({ host, port }))),
    allowedLocationIPs: allowedLocationIPs?.filter((each) => verified.allowedLocationIPs?.includes(each)),
  };
}
