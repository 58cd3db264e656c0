/**
 * Which members cannot be linked because both use the same addresses: the rules of core/mesh/conflicts.ts for every pair,
 * kept up to date as facts change.
 */
import { clusterConflicts, type ClusterRanges } from '../../core/mesh/conflicts.js';
import { underlayAddressesOf } from '../../core/mesh/segments.js';
import { singleAddress } from '../../core/net/cidr.js';
import { type CidrIndex, createCidrIndex } from '../../core/net/cidrIndex.js';
import { firstOverlap } from '../../core/net/sets.js';
import type { ClusterFacts } from '../records/admit/clusterFacts.js';

interface Overlap {
  /** `pod CIDR 10.1.0.0/16 of east overlaps service CIDR 10.1.0.0/20 of west`. */
  readonly message: string;
}

export interface Overlaps {
  between(a: string, b: string): Overlap | undefined;
  /** Everyone that `id` overlaps, by id. */
  of(id: string): ReadonlyMap<string, Overlap>;
  /** To be called when a member's facts appear, change or go. Returns the members whose overlap with it changed. */
  changed(id: string): readonly string[];
}

interface OverlapsDeps {
  readonly ids: () => readonly string[];
  readonly facts: (id: string) => ClusterFacts | undefined;
}

const NONE: ReadonlyMap<string, Overlap> = new Map();

export function createOverlaps(deps: OverlapsDeps): Overlaps {
  const rows = new Map<string, Map<string, Overlap>>();

  function link(a: string, b: string, overlap: Overlap | undefined): void {
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      if (overlap === undefined) {
        rows.get(from)?.delete(to);
        if (rows.get(from)?.size === 0) rows.delete(from);
      } else {
        rows.set(from, (rows.get(from) ?? new Map<string, Overlap>()).set(to, overlap));
      }
    }
  }

  return {
    between: (a, b) => rows.get(a)?.get(b),
    of: (id) => rows.get(id) ?? NONE,
    changed(id) {
      const facts = deps.facts(id);
      const near = facts === undefined ? undefined : createNarrowing(rangesOf(facts));
      const affected: string[] = [];
      for (const other of new Set([...deps.ids(), ...(rows.get(id)?.keys() ?? [])])) {
        if (other === id) continue;
        const before = rows.get(id)?.get(other);
        const theirs = deps.facts(other);
        const after = near === undefined || theirs === undefined ? undefined : overlapOf(id, near, { id: other, ranges: rangesOf(theirs) });
        if (before?.message === after?.message) continue;
        link(id, other, after);
        affected.push(other);
      }
      return affected;
    },
  };
}

interface Ranges extends ClusterRanges {
  /** Internal addresses of nodes, as CIDRs. */
  readonly addresses: readonly string[];
}

interface Side {
  readonly id: string;
  readonly ranges: Ranges;
}

/** The ranges of one member that share an address with some of another. */
type Narrowing = (other: Ranges) => Ranges;

function rangesOf({ podCIDRs, serviceCIDRs, meshCIDRs, nodes }: ClusterFacts): Ranges {
  return { podCIDRs, serviceCIDRs, meshCIDRs, addresses: nodes.flatMap(underlayAddressesOf).map(singleAddress) };
}

/** A member may have thousands of ranges, and is compared with every other: what is far from the other is passed over. */
function createNarrowing(ranges: Ranges): Narrowing {
  const index = (cidrs: readonly string[]): CidrIndex<string> => createCidrIndex(cidrs.map((cidr) => [cidr, cidr] as const));
  const [pods, services, mesh, addresses] = [ranges.podCIDRs, ranges.serviceCIDRs, ranges.meshCIDRs, ranges.addresses].map(index);
  return (other) => {
    const routed = [...other.podCIDRs, ...other.meshCIDRs];
    const all = [...routed, ...other.serviceCIDRs, ...other.addresses];
    const near = (of: CidrIndex<string> | undefined, theirs: readonly string[]): string[] => [
      ...new Set(theirs.flatMap((cidr) => of?.touching(cidr) ?? [])),
    ];
    return {
      podCIDRs: near(pods, all),
      meshCIDRs: near(mesh, all),
      serviceCIDRs: near(services, routed),
      addresses: near(addresses, routed),
    };
  };
}

function overlapOf(id: string, narrowed: Narrowing, other: Side): Overlap | undefined {
  const near = narrowed(other.ranges);
  if (Object.values(near).every((ranges) => ranges.length === 0)) return undefined;
  const side = { id, ranges: near };
  return id < other.id ? findOverlap(side, other) : findOverlap(other, side);
}

/** The first overlap by kind of range, the same from both sides. */
function findOverlap(a: Side, b: Side): Overlap | undefined {
  const [conflict] = clusterConflicts(a.ranges, b.ranges);
  if (conflict !== undefined) {
    const [kindA, kindB] = conflict.kinds;
    const [rangeA, rangeB] = conflict.ranges;
    return { message: describe({ name: `${kindA} CIDR`, id: a.id, cidr: rangeA }, { name: `${kindB} CIDR`, id: b.id, cidr: rangeB }) };
  }
  return coveredNode(a, b) ?? coveredNode(b, a);
}

/** A pod or mesh range that includes a node of the other side would cut that node off. */
function coveredNode(a: Side, b: Side): Overlap | undefined {
  for (const [name, ranges] of [
    ['pod CIDR', a.ranges.podCIDRs],
    ['mesh CIDR', a.ranges.meshCIDRs],
  ] as const) {
    const overlap = firstOverlap(ranges, b.ranges.addresses);
    if (overlap !== undefined)
      return { message: describe({ name, id: a.id, cidr: overlap.a }, { name: 'node address', id: b.id, cidr: overlap.b }) };
  }
  return undefined;
}

interface Named {
  readonly name: string;
  readonly id: string;
  readonly cidr: string;
}

function describe(a: Named, b: Named): string {
  if (a.name === b.name && a.cidr === b.cidr) return `${a.name} ${a.cidr} is used by ${a.id} and ${b.id}`;
  return `${a.name} ${a.cidr} of ${a.id} overlaps ${b.name} ${b.cidr} of ${b.id}`;
}
