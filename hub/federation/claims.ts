/**
 * What a member claims that only one member can have: keys, node addresses, ranges, and addresses where tunnels end.
 */
import type { MeshNode } from '../../core/api/meshNode.js';
import { underlayAddressesOf } from '../../core/mesh/segments.js';
import { addressOf, singleAddress } from '../../core/net/cidr.js';
import { type CidrIndex, createCidrIndex } from '../../core/net/cidrIndex.js';
import { mayBeGateway } from '../records/admit/gateways.js';
import type { ClusterFacts } from '../records/admit/clusterFacts.js';

export interface Claims {
  /** Of all nodes: who is no gateway now may be one again. */
  readonly keys: ReadonlySet<string>;
  /** Node addresses that others may route, as CIDRs. */
  readonly addresses: ReadonlySet<string>;
  /** Addresses of gateways' endpoints, as CIDRs. */
  readonly endpoints: ReadonlySet<string>;
  /** Of pods, mesh addresses, and Services that are routed. */
  readonly ranges: readonly string[];
  /** Those of Services. */
  readonly services: readonly string[];
  /** Ranges and node addresses. */
  prefixIndex(): CidrIndex<string>;
  endpointIndex(): CidrIndex<string>;
}

export function findClaims(facts: ClusterFacts, nodes: readonly MeshNode[] = facts.nodes): Claims {
  const gateways = nodes.filter((node) => mayBeGateway(node, facts.mesh));
  const addresses = nodes === facts.nodes ? facts.nodeAddresses : routedAddresses(facts, nodes);
  const endpoints = new Set(
    gateways.flatMap(({ spec }) => spec.endpoints.flatMap(({ host }) => (addressOf(host) === undefined ? [] : singleAddress(host)))),
  );
  const ranges = rangesOf(facts);
  let prefixIndex: CidrIndex<string> | undefined;
  let endpointIndex: CidrIndex<string> | undefined;
  return {
    keys: new Set(nodes.map(({ spec }) => spec.publicKey)),
    addresses,
    endpoints,
    ranges,
    services: facts.routedServiceCIDRs,
    prefixIndex: () => (prefixIndex ??= indexOf([...ranges, ...addresses])),
    endpointIndex: () => (endpointIndex ??= indexOf([...endpoints])),
  };
}

export function rangesOf({ podCIDRs, meshCIDRs, routedServiceCIDRs }: ClusterFacts): string[] {
  return [...podCIDRs, ...meshCIDRs, ...routedServiceCIDRs];
}

function routedAddresses(facts: ClusterFacts, nodes: readonly MeshNode[]): ReadonlySet<string> {
  return new Set(
    nodes
      .flatMap(underlayAddressesOf)
      .map(singleAddress)
      .filter((address) => facts.nodeAddresses.has(address)),
  );
}

function indexOf(cidrs: readonly string[]): CidrIndex<string> {
  return createCidrIndex(cidrs.map((cidr): [string, string] => [cidr, cidr]));
}
