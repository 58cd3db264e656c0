/**
 * Which members cannot be joined because both use the same addresses: the rules of core/mesh/conflicts.ts for every pair,
 * kept up to date as facts change.
 */
import { clusterConflicts } from '../../core/mesh/conflicts.js';
import { internalAddresses } from '../../core/mesh/segments.js';
import { singleAddress } from '../../core/net/cidr.js';
import { firstOverlap } from '../../core/net/sets.js';
import type { ClusterFacts } from './facts.js';

export interface Overlap {
  /** `pod CIDR 10.1.0.0/16 of east overlaps service CIDR 10.1.0.0/20 of west`. */
  readonly message: string;
}

export interface Overlaps {
  between(a: string, b: string): Overlap | undefined;
  /** Everyone that `id` overlaps, by id. */
  of(id: string): ReadonlyMap<string, Overlap>;
  /** The member's facts changed, appeared or are gone. Returns whose verdict with it changed. */
  changed(id: string): readonly string[];
}

export interface OverlapsDeps {
  readonly ids: () => readonly string[];
  readonly facts: (id: string) => ClusterFacts | undefined;
}

const NONE: ReadonlyMap<string, Overlap> = new Map();

export function createOverlaps(deps: OverlapsDeps): Overlaps {
  const rows = new Map<string, Map<string, Overlap>>();

  function link(a: string, b: string, overlap: Overlap | undefined): void {
    for (const [from, to] of [[a, b], [b, a]] as const) {
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
      const affected: string[] = [];
      for (const other of new Set([...deps.ids(), ...(rows.get(id)?.keys() ?? [])])) {
        if (other === id) continue;
        const before = rows.get(id)?.get(other);
        const theirs = deps.facts(other);
        const [first, second] = id < other ? [id, other] : [other, id];
        const after = facts === undefined || theirs === undefined
          ? undefined
          : findOverlap({ id: first, facts: first === id ? facts : theirs }, { id: second, facts: second === id ? facts : theirs });
        if (before?.message === after?.message) continue;
        link(id, other, after);
        affected.push(other);
      }
      return affected;
    },
  };
}

interface Side {
  readonly id: string;
  readonly facts: ClusterFacts;
}

/** The plainest of all reasons; the same whichever side asks. */
export function findOverlap(a: Side, b: Side): Overlap | undefined {
  const [conflict] = clusterConflicts(a.facts, b.facts);
  if (conflict !== undefined) {
    const [kindA, kindB] = conflict.kinds;
    const [rangeA, rangeB] = conflict.ranges;
    return { message: describe({ name: `${kindA} CIDR`, id: a.id, cidr: rangeA }, { name: `${kindB} CIDR`, id: b.id, cidr: rangeB }) };
  }
  return coveredNode(a, b) ?? coveredNode(b, a);
}

/** Pod and mesh ranges that hold a node of the other side would cut it off. */
function coveredNode(a: Side, b: Side): Overlap | undefined {
  const nodes = b.facts.nodes.flatMap(internalAddresses).map(singleAddress);
  for (const [name, ranges] of [['pod CIDR', a.facts.podCIDRs], ['mesh CIDR', a.facts.meshCIDRs]] as const) {
    const overlap = firstOverlap(ranges, nodes);
    if (overlap !== undefined) return { message: describe({ name, id: a.id, cidr: overlap.a }, { name: 'node address', id: b.id, cidr: overlap.b }) };
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
