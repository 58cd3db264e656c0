/**
 * Pairs of members in the status: whether the gateways of one are registered in the other.
 */
import type { FederationStatus } from '../../core/api/status.js';
import { formatKey } from '../controllers/keys.js';
import type { Outcomes } from '../controllers/outcomes.js';
import type { Federation } from '../federation/federation.js';
import type { Member } from '../members/member.js';

interface PairSources {
  readonly federation: Federation;
  readonly outcomes: Outcomes;
}

type PairStatus = FederationStatus['pairs'][number];

/** Pairs grow with the square of members. Of many, those that were never read have none: their states say why. */
const MANY = 50;

/** In both directions. */
export function pairStatus({ federation, outcomes }: PairSources): PairStatus[] {
  const members = federation.ids().flatMap((id) => federation.member(id) ?? []);
  const paired = members.length > MANY ? members.filter((member) => member.synced()) : members;
  return paired.flatMap((from) => paired.filter((to) => to !== from).map((to) => statusOf(from, to, outcomes)));
}

function statusOf(from: Member, to: Member, outcomes: Outcomes): PairStatus {
  const outcome = outcomes.get(to.id, formatKey({ kind: 'peers', source: from.id }));
  const state = outcome?.state ?? 'pending';
  // What a member itself lacks says more than that it was waited for.
  const reason = state === 'pending' ? (notReadyYet(from, to) ?? outcome?.reason ?? 'was not looked at yet') : outcome?.reason;
  return {
    from: from.id,
    to: to.id,
    state: state === 'done' ? 'linked' : state,
    ...(reason !== undefined && { reason }),
    peers: outcome?.peers ?? 0,
  };
}

function notReadyYet(from: Member, to: Member): string | undefined {
  for (const member of [to, from]) {
    const state = member.state();
    if (state.kind !== 'ready') return `${member.id} is ${state.kind}: ${state.reason}`;
  }
  return undefined;
}
