/**
 * The Peers in a member: ours in full, of others their names, and of all what they hold. What the member reports of any of them is a
 * problem of it.
 */
import { LABEL } from '../../core/api/names.js';
import type { KubeObject } from '../../core/api/resources.js';
import type { Change } from './change.js';
import { type ExistingObject, isStale, ownObject } from './existingObject.js';
import { checkedFeed } from './checkedFeed.js';
import { type Feed, setOrDelete } from './feed.js';
import { createIndexed } from './indexed.js';
import type { Kept } from './kept.js';
import type { ObjectProblems } from './objectProblems.js';
import { type Holdings, holdingsOf, type PeerClaims } from './peerClaims.js';
import { type PeerEntry, projectPeer, samePeer } from './projectPeer.js';

interface PeerRecords {
  readonly feed: Feed<Kept<PeerEntry>>;
  /** By name. */
  all(): ReadonlyMap<string, ExistingObject>;
  /** Our Peers that represent a member. */
  of(source: string): readonly KubeObject[];
  /** Every member that our Peers represent, whether it is known or not. */
  sources(): readonly string[];
  /** What stands here for a member. The same object while that does not change. */
  heldBy(source: string): Holdings;
  /** What people's Peers hold. The same object while that does not change. */
  heldByPeople(): Holdings;
  ownCount(): number;
}

/** In the place of a member's id, which is never empty. */
const PEOPLE = '';

export function createPeerRecords(changed: (change: Change) => void, problems: ObjectProblems): PeerRecords {
  const all = new Map<string, ExistingObject>();
  const own = createIndexed<KubeObject>();
  const claims = createIndexed<PeerClaims>();
  /** By member; made when it is asked for. */
  const holdings = new Map<string, Holdings>();

  function set(name: string, entry: PeerEntry | undefined): void {
    const before = entryOf(name);
    const existing = entry?.existing;
    setOrDelete(all, name, existing);
    own.set(name, ownObject(existing), sourceOf(existing));
    claims.set(name, entry?.claims, existing === undefined ? undefined : holderOf(existing));
    if (before !== undefined && entry !== undefined && samePeer(before, entry)) return;
    tell(before?.existing, existing);
  }

  function tell(...sides: readonly (ExistingObject | undefined)[]): void {
    const there = sides.filter((side) => side !== undefined);
    for (const side of there) holdings.delete(holderOf(side));
    if (there.some(({ own: isOurs }) => !isOurs)) changed({ kind: 'foreignPeer' });
    for (const source of new Set(there.map(sourceOf))) if (source !== undefined) changed({ kind: 'ownPeer', source });
  }

  function entryOf(name: string): PeerEntry | undefined {
    const [existing, known] = [all.get(name), claims.get(name)];
    return existing === undefined || known === undefined ? undefined : { existing, claims: known };
  }

  function heldBy(holder: string): Holdings {
    const found = holdings.get(holder) ?? holdingsOf(claims.group(holder));
    holdings.set(holder, found);
    return found;
  }

  return {
    feed: checkedFeed('peer', problems, {
      project: projectPeer,
      isStale: (name, current, previous) => isStale(ownObject(all.get(name)), ownObject(current?.existing), ownObject(previous?.existing)),
      changed: set,
    }),
    all: () => all,
    of: (source) => own.group(source),
    sources: () => [...own.groups()].toSorted(),
    heldBy,
    heldByPeople: () => heldBy(PEOPLE),
    ownCount: () => own.all().size,
  };
}

/** Ours without the id of a member hold for nobody that we know: they count as people's. */
function holderOf(existing: ExistingObject): string {
  return sourceOf(existing) ?? PEOPLE;
}

function sourceOf(existing: ExistingObject | undefined): string | undefined {
  const source = ownObject(existing)?.metadata.labels?.[LABEL.cluster];
  return source === '' ? undefined : source;
}
