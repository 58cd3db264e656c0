/**
 * Writes the statuses of Peers, a few at a time: nodes that wait for their places never wait for many Peers, and a Peer whose
 * status cannot be written holds up nobody.
 */
import type { Log } from '../core/runtime/log.js';
import type { PeerFacts } from './facts.js';
import type { PlannedPeerStatus } from './planPeers.js';
import type { StatusWrite, StatusWriter } from './statusWriter.js';

export interface PeerWriter {
  /** What is left: nothing, more to write at once, or what failed and is worth another try later. */
  write(peers: readonly PeerFacts[], planned: ReadonlyMap<string, PlannedPeerStatus>): Promise<'nothing' | 'more' | 'failed'>;
}

export interface PeerWriterDeps {
  readonly writer: StatusWriter;
  readonly log: Log;
}

/** Requests in a row before nodes are looked at again. */
const AT_ONCE = 64;

export function createPeerWriter({ writer, log }: PeerWriterDeps): PeerWriter {
  /** Objects that were tried in vain: the watch brings another when there is a reason to try again. */
  const vain = new WeakSet<PeerFacts>();

  function told(peer: PeerFacts, planned: PlannedPeerStatus, result: StatusWrite): void {
    const { name } = peer.metadata;
    const [condition] = planned.conditions;
    if (result.kind === 'written') log.info('Wrote the condition of a Peer', { peer: name, ready: condition?.status, reason: condition?.reason, explanation: condition?.message });
    if (result.kind === 'failed') log.warn('The condition of a Peer cannot be written', { peer: name, ready: condition?.status, reason: condition?.reason, failure: result.message });
  }

  return {
    async write(peers, planned) {
      let written = 0;
      let failed = false;
      for (const peer of peers) {
        const status = planned.get(peer.metadata.name);
        if (status === undefined || vain.has(peer)) continue;
        if (written >= AT_ONCE) return 'more';
        const result = await writer.write(peer, status);
        if (result.kind === 'same') continue;
        written += 1;
        told(peer, status, result);
        if (result.kind === 'overtaken' || (result.kind === 'failed' && result.lasting === true)) vain.add(peer);
        else if (result.kind === 'failed') failed = true;
      }
      return failed ? 'failed' : 'nothing';
    },
  };
}
