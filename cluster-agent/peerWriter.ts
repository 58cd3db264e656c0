/**
 * Writes the statuses of Peers in small batches, so that nodes never wait for many Peers. A status that cannot be written delays
 * no other.
 */
import type { Log } from '../core/runtime/log.js';
import type { PeerFacts } from './facts.js';
import type { PlannedPeerStatus } from './planPeers.js';
import type { StatusWrite, StatusWriter } from './statusWriter.js';

interface PeerWriter {
  /** What is left: nothing, more to write at once, or failures to retry later. */
  write(peers: readonly PeerFacts[], planned: ReadonlyMap<string, PlannedPeerStatus>): Promise<'nothing' | 'more' | 'failed'>;
}

interface PeerWriterDeps {
  readonly writer: StatusWriter;
  readonly log: Log;
}

/** Requests before the next look at the nodes. */
const AT_ONCE = 64;

export function createPeerWriter({ writer, log }: PeerWriterDeps): PeerWriter {
  /** Objects whose write failed for good: the watch delivers a new one when a retry makes sense. */
  const vain = new WeakSet<PeerFacts>();

  function told(peer: PeerFacts, planned: PlannedPeerStatus, result: StatusWrite): void {
    const { name } = peer.metadata;
    const [condition] = planned.conditions;
    if (result.kind === 'written')
      log.info('Wrote the condition of a Peer', {
        peer: name,
        ready: condition?.status,
        reason: condition?.reason,
        explanation: condition?.message,
      });
    if (result.kind === 'failed')
      log.warn('The condition of a Peer cannot be written', {
        peer: name,
        ready: condition?.status,
        reason: condition?.reason,
        failure: result.message,
      });
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
