/**
 * Whether the gateways of one member may be registered in another.
 */
import type { Federation } from '../federation/federation.js';
import type { Member } from '../members/member.js';
import type { Overlaps } from './overlaps.js';

export type PairVerdict =
  | { readonly kind: 'link'; readonly source: Member }
  /** Too little is known: what exists stays as it is. */
  | { readonly kind: 'wait'; readonly reason: string }
  | { readonly kind: 'remove' }
  | { readonly kind: 'refuse'; readonly message: string };

export function evaluatePair(
  sourceId: string,
  targetId: string,
  { federation, overlaps }: { readonly federation: Federation; readonly overlaps: Overlaps },
): PairVerdict {
  if (sourceId === targetId || federation.isGone(sourceId)) return { kind: 'remove' };
  const source = federation.known(sourceId);
  const target = federation.known(targetId);
  if (federation.member(sourceId) === undefined) return { kind: 'wait', reason: `${sourceId} is not declared to this hub` };
  if (source === undefined) return { kind: 'wait', reason: `${sourceId} was not read yet` };
  if (target === undefined) return { kind: 'wait', reason: `${targetId} was not read yet` };
  for (const member of [source, target]) {
    const lease = member.lease();
    if (lease.kind === 'foreign') return { kind: 'wait', reason: `${member.id} belongs to federation ${lease.federation}` };
    if (!member.recognised()) return { kind: 'wait', reason: `it is not known that what answers for ${member.id} is ${member.id}` };
    if (member.records.facts() === undefined) return { kind: 'wait', reason: `${member.id} has no usable Mesh` };
  }
  const overlap = overlaps.between(sourceId, targetId);
  if (overlap !== undefined) return { kind: 'refuse', message: `${overlap.message}. Give one of them another range` };
  return { kind: 'link', source };
}
