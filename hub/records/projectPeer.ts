/**
 * What is kept of a Peer. Ours is kept without its status, which the member's cluster-agent writes: a new status does not change
 * what we wrote. Of every Peer, what it holds is kept, and the problem in its status.
 */
import { observedConditions } from '../../core/observed/conditions.js';
import { readObject } from '../../core/observed/readObject.js';
import type { KubeObject } from '../../core/api/resources.js';
import { type ExistingObject, projectExisting } from './existingObject.js';
import { type Kept, malformed } from './kept.js';
import { notReady } from './notReady.js';
import { type PeerClaims, peerClaims } from './peerClaims.js';

export interface PeerEntry {
  readonly existing: ExistingObject;
  readonly claims: PeerClaims;
}

export function projectPeer(object: KubeObject): Kept<PeerEntry> {
  const { value: existing, problems } = projectExisting('peer', object);
  if (existing === undefined) return { value: undefined, problems };
  const value = { existing, claims: peerClaims(object) };
  const read = readObject(observedConditions, object);
  if (!read.ok) return { value, problems: problems.length > 0 ? problems : [malformed('peer', object, read.error)] };
  const refused = notReady(read.value);
  if (refused === undefined) return { value, problems };
  return { value, problems: [...problems, { subject: { kind: 'peer', name: object.metadata.name }, ...refused }] };
}

/** Whether both are equal, as far as they are kept, except for the resource version, which a write of the status changes too. */
export function samePeer(a: PeerEntry, b: PeerEntry): boolean {
  if (a.existing.own && b.existing.own)
    return JSON.stringify(unversioned(a.existing.object)) === JSON.stringify(unversioned(b.existing.object));
  return a.existing.own === b.existing.own && JSON.stringify(a.claims) === JSON.stringify(b.claims);
}

function unversioned({ metadata: { resourceVersion: _version, ...metadata }, ...rest }: KubeObject): object {
  return { ...rest, metadata };
}
