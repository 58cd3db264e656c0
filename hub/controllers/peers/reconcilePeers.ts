/**
 * Reconciles the Peers of one member in another.
 */
import { ANNOTATION } from '../../../core/api/names.js';
import type { Problem } from '../../../core/api/problem.js';
import { type KubeObject, RESOURCE } from '../../../core/api/resources.js';
import type { Member } from '../../members/member.js';
import { BRAKED_MS, type Context, type Reconciled } from '../context.js';
import { endsWrites, failed, type FailedWrite } from '../failedWrites.js';
import type { Deletion } from '../deletion.js';
import type { Outcome } from '../outcomes.js';
import { removeObjects } from '../removeObjects.js';
import { planMemberPeers } from './planMemberPeers.js';

const DONE = { kind: 'done' } as const;

export async function reconcilePeers(sourceId: string, context: Context, signal: AbortSignal): Promise<Reconciled> {
  const verdict = context.pairs.evaluate(sourceId, context.target.id);
  const observed = context.target.records.peersOf(sourceId);
  switch (verdict.kind) {
    case 'wait':
      return {
        outcome: {
          state: 'pending',
          reason: verdict.reason,
          peers: observed.length,
          ...(observed.length > 0 && { unknown: [sourceId] }),
          problems: [],
        },
        result: DONE,
      };
    case 'remove':
      return removeAll(observed, { why: 'memberLeft', outcome: undefined }, context, signal);
    case 'refuse':
      return removeAll(observed, { why: 'overlap', outcome: refusal(sourceId, context.target.id, verdict.message) }, context, signal);
    default:
      return link(verdict.source, observed, context, signal);
  }
}

async function link(source: Member, observed: readonly KubeObject[], context: Context, signal: AbortSignal): Promise<Reconciled> {
  const { target, pairs, writer, brake } = context;
  const input = pairs.input(source, target);
  if (input === undefined) return { outcome: undefined, result: DONE };
  const clusterUid = uidToWrite(source, observed);
  const plan = planMemberPeers({ ...input, ...(clusterUid !== undefined && { clusterUid }), sha256: context.sha256 });
  const problems: Problem[] = plan.problems.map((problem) => ({ ...problem, cluster: source.id }));
  const outcome = (): Outcome => ({
    state: plan.peers.length > 0 ? 'done' : 'pending',
    ...(plan.peers.length === 0 && { reason: `no node of ${source.id} is a gateway yet` }),
    peers: plan.peers.length,
    problems,
  });
  const failures: FailedWrite[] = [];
  for (const peer of plan.peers) {
    const written = await writer.ensure(RESOURCE.peer, peer, target.records.peers().get(peer.metadata.name), signal);
    if (written.kind === 'failed') {
      failures.push({ object: peer, failure: written.failure });
      if (endsWrites(written.failure)) return failed(outcome(), failures, target.id);
    }
    if (written.kind === 'foreign')
      problems.push({
        cluster: target.id,
        subject: { kind: 'peer', name: peer.metadata.name },
        reason: 'NameTaken',
        message: written.message,
      });
    if (written.kind === 'written') target.records.wrote('peer', written.object);
  }
  const wanted = new Set(plan.peers.map((peer) => peer.metadata.name));
  const surplus = observed.filter((peer) => !wanted.has(peer.metadata.name));
  const key = `peers/${source.id}`;
  const ended = failures.length === 0 ? { outcome: outcome(), result: DONE } : failed(outcome(), failures, target.id);
  if (surplus.length === 0) brake.release(key);
  else if (!brake.allows({ key, source: source.listing('meshNode'), deleting: surplus.length, present: () => observed.length })) {
    return { ...ended, result: { kind: 'after', ms: BRAKED_MS } };
  }
  const left = await removePeers(surplus, 'noGateway', context, signal);
  return left.length === 0 ? ended : failed(outcome(), [...failures, ...left], target.id);
}

/**
 * What the Peers of a member say of its cluster tells later whose a UID is, so nothing but the terms changes it: a member that shows
 * another UID after a restart of the hub could else make its past fit.
 */
function uidToWrite(source: Member, observed: readonly KubeObject[]): string | undefined {
  const written = observed.map(({ metadata }) => metadata.annotations?.[ANNOTATION.clusterUid]).find((uid) => uid !== undefined);
  const { recognised } = source.clusterUid();
  return source.terms().clusterUid === recognised ? recognised : (written ?? recognised);
}

async function removeAll(
  observed: readonly KubeObject[],
  { why, outcome }: { readonly why: Deletion; readonly outcome: Outcome | undefined },
  context: Context,
  signal: AbortSignal,
): Promise<Reconciled> {
  const failures = await removePeers(observed, why, context, signal);
  return failures.length === 0
    ? { outcome, result: DONE }
    : failed(outcome ?? { state: 'pending', problems: [] }, failures, context.target.id);
}

function removePeers(peers: readonly KubeObject[], why: Deletion, context: Context, signal: AbortSignal): Promise<FailedWrite[]> {
  return removeObjects(
    peers.map((peer) => ['peer', peer, why] as const),
    context,
    signal,
  );
}

function refusal(source: string, target: string, message: string): Outcome {
  const [one = '', other = ''] = [source, target].toSorted();
  return {
    state: 'refused',
    reason: message,
    peers: 0,
    // The same from both ends.
    problems: [{ cluster: one, subject: { kind: 'pair', other }, reason: 'OverlappingCIDRs', message }],
  };
}
