/**
 * Which ranges of Services that are declared for a member are routed to it. Where a range touches what the member has otherwise, it is
 * no range of Services, and would draw the packets of pods or tunnels to one of its locations.
 */
import type { MeshNode } from '../../../core/api/meshNode.js';
import { underlayAddressesOf } from '../../../core/mesh/segments.js';
import { addressOf, parseCidr, singleAddress } from '../../../core/net/cidr.js';
import { createCidrIndex } from '../../../core/net/cidrIndex.js';
import { aggregate } from '../../../core/net/sets.js';
import { ANNOTATION } from '../../../core/api/names.js';
import type { RangeRule } from './admitRange.js';
import type { Refusal } from './refusalProblems.js';

interface ServicesContext {
  readonly rule: RangeRule;
  /** Pod and mesh ranges of the member. */
  readonly own: readonly string[];
  readonly nodes: readonly MeshNode[];
}

interface AdmittedServices {
  /** Sorted. */
  readonly ranges: readonly string[];
  readonly refused: readonly Refusal[];
}

export function admitServices(declared: readonly string[], { rule, own, nodes }: ServicesContext): AdmittedServices {
  if (declared.length === 0) return { ranges: [], refused: [] };
  const taken = createCidrIndex([...own, ...nodes.flatMap(addressesOf)].map((cidr) => [cidr, true] as const));
  const refused: Refusal[] = [];
  const ranges = aggregate(declared).filter((what) => {
    const cidr = parseCidr(what);
    const isOwn = cidr !== undefined && taken.touching(cidr).length > 0;
    const why = rule.routed(cidr) ?? (isOwn ? ({ kind: 'own' } as const) : undefined);
    if (why !== undefined) refused.push({ kind: 'range', what, why, of: ANNOTATION.serviceCIDRs });
    return why === undefined;
  });
  return { ranges, refused };
}

/** Internal addresses, and those that tunnels end at, as CIDRs. */
function addressesOf(node: MeshNode): string[] {
  const ends = node.spec.endpoints.flatMap(({ host }) => addressOf(host) ?? []);
  return [...underlayAddressesOf(node), ...ends].map(singleAddress);
}
