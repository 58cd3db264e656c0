/**
 * Brings the Peers of one member in another to what they should be.
 */
import { type KubeObject, RESOURCE } from '../../../core/api/resources.js';
import type { Member } from '../../members/member.js';
import type { Federation } from '../../records/federation.js';
import type { Outcome, OutcomeProblem } from '../../records/outcomes.js';
import { BRAKED_MS, type Context, failed, type Reconciled } from '../context.js';
import { planPeers } from './planPeers.js';
import { rightsOf } from './rights.js';

/** What is to be done about a pair of members. */
export type PairVerdict =
  | { readonly kind: 'link'; readonly source: Member }
  /** Nothing is done and nothing undone. */
  | { readonly kind: 'wait'; readonly reason: string }
  | { readonly kind: 'remove'; readonly reason: 'gone' }
  | { readonly kind: 'refuse'; readonly message: string };

const DONE = { kind: 'done' } as const;

export async function reconcilePeers(sourceId: string, context: Context, signal: AbortSignal): Promise<Reconciled> {
  const verdict = judgePair(sourceId, context.target.id, context.federation);
  const observed = context.target.records.peersOf(sourceId);
  switch (verdict.kind) {
    case 'wait':
      return { outcome: { state: 'pending', reason: verdict.reason, peers: observed.length, problems: [] }, result: DONE };
    case 'remove':
      return removeAll(observed, undefined, context, signal);
    case 'refuse':
      return removeAll(observed, refusal(sourceId, context.target.id, verdict.message), context, signal);
    default:
      return link(verdict.source, observed, context, signal);
  }
}

/** Whether `sourceId` may have Peers in `targetId`. */
export function judgePair(sourceId: string, targetId: string, federation: Federation): PairVerdict {
  if (sourceId === targetId || federation.isGone(sourceId)) return { kind: 'remove', reason: 'gone' };
  const source = federation.known(sourceId);
  const target = federation.known(targetId);
  if (source === undefined) return { kind: 'wait', reason: `${sourceId} was not read yet` };
  if (target === undefined) return { kind: 'wait', reason: `${targetId} was not read yet` };
  for (const [id, member] of [[sourceId, source], [targetId, target]] as const) {
    if (member.records.facts() === undefined) return { kind: 'wait', reason: `${id} has no usable Mesh` };
  }
  const overlap = federation.overlaps.between(sourceId, targetId);
  if (overlap !== undefined) return { kind: 'refuse', message: `${overlap.message}. Give one of them another range` };
  return { kind: 'link', source };
}

async function link(source: Member, observed: readonly KubeObject[], context: Context, signal: AbortSignal): Promise<Reconciled> {
  const { target, federation, writer, brake } = context;
  const facts = source.records.facts();
  const targetFacts = target.records.facts();
  if (facts === undefined || targetFacts === undefined) return { outcome: undefined, result: DONE };
  const plan = planPeers({
    source: { id: source.id, facts },
    target: { id: target.id, facts: targetFacts },
    rights: rightsOf(source, target, federation),
    sha256: context.sha256,
  });
  const problems: OutcomeProblem[] = plan.problems.map((problem) => ({ cluster: source.id, ...problem }));
  const outcome = (): Outcome => ({
    state: plan.peers.length > 0 ? 'done' : 'pending',
    ...(plan.peers.length === 0 && { reason: `no node of ${source.id} is a gateway yet` }),
    peers: plan.peers.length,
    problems,
  });
  for (const peer of plan.peers) {
    const written = await writer.ensure(RESOURCE.peer, peer, target.records.peers().get(peer.metadata.name), signal);
    if (written.kind === 'failed') return failed(outcome(), written.failure);
    if (written.kind === 'foreign') problems.push({ cluster: target.id, subject: `peer ${peer.metadata.name}`, reason: 'NameTaken', message: written.message });
    if (written.kind === 'written') target.records.wrote('peer', written.object);
  }
  const wanted = new Set(plan.peers.map((peer) => peer.metadata.name));
  const surplus = observed.filter((peer) => !wanted.has(peer.metadata.name));
  const key = `peers/${source.id}`;
  if (surplus.length === 0) brake.release(key);
  else if (!brake.allows({ key, source: source.brakeFor('meshNode'), deleting: surplus.length, present: () => observed.length })) {
    return { outcome: outcome(), result: { kind: 'after', ms: BRAKED_MS } };
  }
  return (await removePeers(surplus, outcome(), context, signal)) ?? { outcome: outcome(), result: DONE };
}

async function removeAll(observed: readonly KubeObject[], outcome: Outcome | undefined, context: Context, signal: AbortSignal): Promise<Reconciled> {
  return (await removePeers(observed, outcome ?? { state: 'pending', problems: [] }, context, signal)) ?? { outcome, result: DONE };
}

/** Undefined: all are gone. */
async function removePeers(peers: readonly KubeObject[], outcome: Outcome, context: Context, signal: AbortSignal): Promise<Reconciled | undefined> {
  for (const peer of peers) {
    const removed = await context.writer.remove(RESOURCE.peer, peer, signal);
    if (removed.kind === 'failed') return failed(outcome, removed.failure);
    context.target.records.removed('peer', peer);
  }
  return undefined;
}

function refusal(source: string, target: string, message: string): Outcome {
  return {
    state: 'refused',
    reason: message,
    peers: 0,
    problems: [{ cluster: target, subject: `pair ${source}`, reason: 'OverlappingCIDRs', message }],
  };
}
