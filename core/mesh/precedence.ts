/**
 * Who comes first, where two want the same: a prefix, a key, an id.
 *
 * What the cluster's own administrator wrote comes before what other members say. Among members it is who came first, by the times at
 * which Peers were written in this cluster, then the lower id, which the hub's administrator chose. No member has a say in either.
 */
import type { Gateway, Segment } from './segments.js';

const TRUST: Readonly<Record<Segment['kind'], number>> = { own: 0, externalPeer: 1, member: 2 };
/** After every time. */
const UNKNOWN = '~';

type Ranked = Pick<Segment, 'kind' | 'name' | 'member' | 'origin'>;

/** Own segments by name; external peers in the order given, the oldest first; members by arrival. */
export function bySegmentPrecedence(a: Ranked, b: Ranked): number {
  const trust = TRUST[a.kind] - TRUST[b.kind];
  if (trust !== 0 || a.kind === 'externalPeer') return trust;
  return (
    compare(a.origin?.since || UNKNOWN, b.origin?.since || UNKNOWN) || compare(a.member ?? '', b.member ?? '') || compare(a.name, b.name)
  );
}

interface Holder {
  readonly segment: Ranked;
  readonly gateway: Pick<Gateway, 'name' | 'since'>;
}

/** By trust, then the oldest Peer first, then by id of the member and name of the Peer. */
export function byGatewayPrecedence(a: Holder, b: Holder): number {
  const trust = TRUST[a.segment.kind] - TRUST[b.segment.kind];
  if (trust !== 0) return trust;
  return (
    compare(a.gateway.since ?? UNKNOWN, b.gateway.since ?? UNKNOWN) ||
    compare(a.segment.member ?? '', b.segment.member ?? '') ||
    compare(a.gateway.name, b.gateway.name)
  );
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
