/**
 * How one member is seen from another by whoever plans an import: whether they are linked, and what is reached.
 */
import type { SegmentReach } from '../../core/services/cutOff.js';
import type { PairVerdict } from '../pairs/evaluatePair.js';
import type { Reach } from '../pairs/routablePrefixes.js';
import type { Context } from './context.js';
import type { ImportView } from './importViews.js';

export interface MemberView extends ImportView {
  /** Undefined: it is the target itself. */
  readonly verdict?: PairVerdict;
  /** Its pods and routed node addresses, and ranges of its Services, as the target routes them. CIDRs. */
  readonly networks: readonly string[];
  readonly services: readonly string[];
  /** Its segments, if some are not reached. */
  readonly segments?: readonly SegmentReach[];
}

type Seen = Pick<Context, 'target' | 'federation' | 'pairs' | 'reachability'>;

/** Of a declared member. */
export function memberView(id: string, { target, federation, pairs, reachability }: Seen): MemberView {
  if (id === target.id) {
    // What its own Services have, and what decides on everything that it imports.
    const ranges = target.records.facts()?.serviceCIDRs ?? [];
    const { prefixes: networks, services, reachable } = pairs.reach(target, target);
    return { state: ranges.join(), reachable, networks, services, substitutes: NOTHING.substitutes, cutOff: [] };
  }
  const verdict = pairs.evaluate(id, target.id);
  const source = federation.known(id);
  const linked = verdict.kind === 'link' && source !== undefined;
  const { prefixes: networks, services, reachable, substitutes } = linked ? pairs.reach(source, target) : NOTHING;
  const segments = linked ? reachability.of(target.id, id) : undefined;
  return {
    verdict,
    state: stateOf(verdict),
    reachable,
    networks,
    services,
    substitutes,
    cutOff: (segments ?? []).flatMap(({ allowedIPs, reached }) => (reached ? [] : allowedIPs)),
    ...(segments !== undefined && { segments }),
  };
}

const NOTHING: Reach = { prefixes: [], services: [], reachable: [], substitutes: new Map() };

function stateOf(verdict: PairVerdict): string {
  switch (verdict.kind) {
    case 'wait':
      return `wait: ${verdict.reason}`;
    case 'refuse':
      return `refuse: ${verdict.message}`;
    default:
      return verdict.kind;
  }
}
