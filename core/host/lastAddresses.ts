/**
 * The addresses of a Node that says none for a while.
 *
 * A restart of the kubelet or of a cloud's controller may empty a Node's list of addresses for seconds. Taken at its word, the node would
 * leave its location, lose its slot and its pods their routes. What was last verified of it holds, as long as its agent, which sees the
 * host, still claims it.
 */
import type { MeshNode } from '../api/meshNode.js';
import { KILO_ANNOTATION } from '../api/names.js';
import { addressOf } from '../net/cidr.js';
import type { NodeObject } from './discover.js';

interface LastAddresses {
  /** `node` itself, where it says its addresses. */
  readonly node: NodeObject;
  /** InternalIPs that it does not say. */
  readonly kept: readonly string[];
}

/** `held`: the addresses of the host; absent: all may be. */
export function lastAddresses(node: NodeObject, published: MeshNode | undefined, held?: readonly string[]): LastAddresses {
  const verified = published?.status?.verified;
  const said = (type: string): boolean => node.status?.addresses?.some((one) => one.type === type) === true;
  const forced = (name: 'forceInternalIP' | 'forceEndpoint'): boolean => node.metadata.annotations?.[KILO_ANNOTATION[name]] !== undefined;
  if (published === undefined || verified === undefined || said('InternalIP') || forced('forceInternalIP')) return { node, kept: [] };
  const claimed = published.spec.internalIPs.map(addressOf);
  const kept = verified.internalIPs.filter((address) => claimed.includes(address) && held?.includes(address) !== false);
  const outside =
    said('ExternalIP') || forced('forceEndpoint')
      ? []
      : verified.endpoints.filter((host) => addressOf(host) !== undefined && !verified.internalIPs.includes(host));
  if (kept.length + outside.length === 0) return { node, kept };
  const of = (type: string, addresses: readonly string[]): { type: string; address: string }[] =>
    addresses.map((address) => ({ type, address }));
  const addresses = [...(node.status?.addresses ?? []), ...of('InternalIP', kept), ...of('ExternalIP', outside)];
  return { node: { ...node, status: { ...node.status, addresses } }, kept };
}
