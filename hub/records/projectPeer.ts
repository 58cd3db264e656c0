/**
 * What is kept of a Peer in a member: ours in full but for its status, which that member's cluster-agent writes and which is no
 * change of what we wrote; and of every Peer, what that status complains of.
 */
import type { Condition, KubeObject } from '../../core/api/resources.js';
import type { FactsProblem } from './facts.js';
import { type Held, projectHeld } from './held.js';

export interface PeerEntry {
  readonly held: Held;
  /** Absent: the nodes take all of it, or nobody has said yet. */
  readonly problem?: FactsProblem;
}

export function projectPeer(object: KubeObject): PeerEntry {
  const { status, ...rest } = object as KubeObject & { readonly status?: { readonly conditions?: readonly Condition[] } };
  const { name, generation } = object.metadata;
  const refused = (status?.conditions ?? []).find((each) => each.type === 'Ready' && each.status === 'False');
  // One about an older spec may be wrong about this one.
  const current = refused !== undefined && (refused.observedGeneration ?? generation) === generation;
  return {
    held: projectHeld(rest),
    ...(current && { problem: { subject: `peer ${name}`, reason: refused.reason, message: refused.message } }),
  };
}

/** Whether nothing has changed but what a write of the status changes. */
export function samePeer(a: Held, b: Held): boolean {
  return a.own && b.own ? JSON.stringify(unversioned(a.object)) === JSON.stringify(unversioned(b.object)) : a.own === b.own;
}

function unversioned({ metadata: { resourceVersion: _version, ...metadata }, ...rest }: KubeObject): object {
  return { ...rest, metadata };
}
