/**
 * What the imports of one target were planned with: of each member, whether it is linked, why not, and what is reached of it.
 *
 * Whatever changes any of that ends in a reconcile of the pair. There it is found which imports were planned with something else. So
 * nothing that changes a pair has to know what is imported, and no import waits for a reason that is gone.
 */
import { type CidrIndex, createCidrIndex } from '../../core/net/cidrIndex.js';

export interface ImportView {
  /** Differs: every import from the member may differ. */
  readonly state: string;
  /** CIDRs. Those that come or go concern the imports that have endpoints there. */
  readonly reachable: readonly string[];
  /** Addresses that are mirrored as others. */
  readonly substitutes: ReadonlyMap<string, string>;
  /** Those of its prefixes that no link leads to, likewise. */
  readonly cutOff: readonly string[];
}

/** Which imports from a member were planned with another view of it: all, or those with an endpoint in one of these CIDRs. */
type Outdated = 'none' | 'all' | CidrIndex<true>;

export interface ImportViews {
  /** An import is planned with this view of the member. */
  used(member: string, view: ImportView): void;
  /** The view of the member is this now. It is not asked for if no import was planned with any. */
  settle(member: string, now: () => ImportView): Outdated;
}

interface Known {
  /** What was used last. */
  view: ImportView;
  /** What differed between the views that were used since the last `settle`. */
  stateMoved: boolean;
  readonly moved: Set<string>;
}

export function createImportViews(): ImportViews {
  const views = new Map<string, Known>();

  function follow(known: Known, view: ImportView): void {
    known.stateMoved ||= known.view.state !== view.state;
    for (const cidr of difference(known.view.reachable, view.reachable)) known.moved.add(cidr);
    for (const address of otherIn(known.view.substitutes, view.substitutes)) known.moved.add(address);
    const cutOff = difference(known.view.cutOff, view.cutOff);
    // What is mirrored as another address may lie there by that one.
    for (const each of cutOff.length === 0 ? [] : [...cutOff, ...view.substitutes.keys()]) known.moved.add(each);
    known.view = view;
  }

  return {
    used(member, view) {
      const known = views.get(member);
      if (known === undefined) views.set(member, { view, stateMoved: false, moved: new Set() });
      else follow(known, view);
    },
    settle(member, now) {
      const known = views.get(member);
      if (known === undefined) return 'none';
      follow(known, now());
      views.set(member, { view: known.view, stateMoved: false, moved: new Set() });
      if (known.stateMoved) return 'all';
      return known.moved.size === 0 ? 'none' : createCidrIndex([...known.moved].map((cidr) => [cidr, true] as const));
    },
  };
}

/** What only one of them has. */
function difference(a: readonly string[], b: readonly string[]): string[] {
  if (a === b) return [];
  const [inA, inB] = [new Set(a), new Set(b)];
  return [...a.filter((each) => !inB.has(each)), ...b.filter((each) => !inA.has(each))];
}

/** Addresses that another stands in for in the one than in the other. */
function otherIn(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): string[] {
  return a === b ? [] : [...new Set([...a.keys(), ...b.keys()])].filter((address) => a.get(address) !== b.get(address));
}
