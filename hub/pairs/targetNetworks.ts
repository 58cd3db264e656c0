/**
 * What a target has of its own, so that no other member is routed to it: its ranges, the networks that its nodes are on, and
 * what its administrators gave to Peers and to networks beside nodes.
 */
import { addressOf, singleAddress } from '../../core/net/cidr.js';
import { type CidrIndex, createCidrIndex } from '../../core/net/cidrIndex.js';
import type { ClusterFacts } from '../records/admit/clusterFacts.js';
import type { Holdings } from '../records/peerClaims.js';

export interface TargetNetworks {
  /** Pods, Services and mesh addresses of the target. */
  readonly ranges: CidrIndex<string>;
  /** All else that is the target's own. Values say what it is, for messages. */
  readonly networks: CidrIndex<string>;
  /** Keys of its own nodes and of people's Peers. Values say whose. */
  readonly keys: ReadonlyMap<string, string>;
}

interface TargetInput {
  readonly facts: ClusterFacts;
  /** What people's Peers hold there. */
  readonly people: Holdings;
}

type Entry = readonly [cidr: string, value: string];

export function targetNetworks({ facts, people }: TargetInput): TargetNetworks {
  const { nodes, podCIDRs, serviceCIDRs, meshCIDRs } = facts;
  const addresses = nodes.flatMap(({ spec }) =>
    spec.endpoints.flatMap(({ host }) => (addressOf(host) === undefined ? [] : singleAddress(host))),
  );
  return {
    ranges: createCidrIndex([...podCIDRs, ...serviceCIDRs, ...meshCIDRs].map((cidr): Entry => [cidr, cidr])),
    networks: createCidrIndex<string>([
      ...unique(nodes.flatMap(({ spec }) => spec.internalIPs)).map((cidr): Entry => [cidr, 'the network of its nodes']),
      ...unique(addresses).map((cidr): Entry => [cidr, 'an endpoint of its nodes']),
      ...unique(nodes.flatMap(({ spec }) => spec.allowedLocationIPs ?? [])).map((cidr): Entry => [cidr, 'a network beside its nodes']),
      ...[...people.prefixes.entries(), ...people.endpoints.entries()].map(([cidr, name]): Entry => [cidr, `peer ${name}`]),
    ]),
    keys: new Map([
      ...[...people.keys].map(([key, name]) => [key, `peer ${name}`] as const),
      ...nodes.map(({ metadata, spec }) => [spec.publicKey, `node ${metadata.name}`] as const),
    ]),
  };
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
