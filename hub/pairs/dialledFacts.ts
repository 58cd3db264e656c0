/**
 * The facts of a source without the endpoints that a target must not be told to dial: those inside a range of pods, Services or mesh
 * addresses. Packets to such an address would need a hole in the routes to that range, and the source's own tunnels would end in it.
 */
import type { Problem } from '../../core/api/problem.js';
import { parseCidr } from '../../core/net/cidr.js';
import { createCidrIndex } from '../../core/net/cidrIndex.js';
import { someOf } from '../records/admit/limits.js';
import type { ClusterFacts } from '../records/admit/clusterFacts.js';
import type { PairInput } from './routablePrefixes.js';

interface DialledFacts {
  readonly facts: ClusterFacts;
  readonly problems: readonly Problem[];
}

export function dialledFacts({ source, target, ownership }: PairInput): DialledFacts {
  const { podCIDRs, serviceCIDRs, meshCIDRs, nodes } = source.facts;
  const own = createCidrIndex([...podCIDRs, ...serviceCIDRs, ...meshCIDRs].map((cidr): [string, string] => [cidr, cidr]));
  const refused: string[] = [];

  /** Whose range it is in. */
  function holderOf(host: string): string | undefined {
    const address = parseCidr(host);
    if (address === undefined) return undefined;
    if (own.covering(address).length > 0) return source.id;
    if (target.networks.ranges.covering(address).length > 0) return target.id;
    return ownership.endpoint(address);
  }

  const dialled = nodes.map((node) => {
    const endpoints = node.spec.endpoints.filter(({ host }) => {
      const holder = holderOf(host);
      if (holder !== undefined) refused.push(`${host} (of ${node.metadata.name}, in a range of ${holder})`);
      return holder === undefined;
    });
    return endpoints.length === node.spec.endpoints.length ? node : { ...node, spec: { ...node.spec, endpoints } };
  });
  if (refused.length === 0) return { facts: source.facts, problems: [] };
  return {
    facts: { ...source.facts, nodes: dialled },
    problems: [
      {
        subject: { kind: 'pair', other: target.id },
        reason: 'EndpointRefused',
        message: `${target.id} is not told to dial endpoints inside ranges of pods, Services and mesh addresses: ${someOf(refused)}`,
        remedy: 'give the nodes endpoints outside of them (kilo.squat.ai/force-endpoint)',
      },
    ],
  };
}
