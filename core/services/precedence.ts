/**
 * Which exporter of a name comes first in one importing member.
 *
 * Only what the hub knows by itself counts: who stands in the mirror there, in the order that the mirror gives, then whom the hub
 * saw first, then the id, which no member chooses. A time or a UID that a member's API server says counts nowhere: a hostile one
 * says what it likes (decision 25).
 */

export interface Ranked {
  /** Id of the member. */
  readonly cluster: string;
  /** Its place in the order in which the hub first saw the exporters of this name. Equal: neither was before the other. */
  readonly seen: number;
}

/** Sorts those in `standing` first, in its order. */
export function byPrecedence(standing: readonly string[]): (a: Ranked, b: Ranked) => number {
  const place = new Map(standing.map((id, index) => [id, index]));
  const placeOf = ({ cluster }: Ranked): number => place.get(cluster) ?? standing.length;
  return (a, b) => placeOf(a) - placeOf(b) || a.seen - b.seen || (a.cluster < b.cluster ? -1 : Number(a.cluster > b.cluster));
}
