/**
 * Which messages are newer than all before of their sender and kind: an old packet, sent again by somebody in between, says nothing.
 */
import type { Message } from '../../core/failover/message.js';

interface ReplayWindow {
  /** `sender`: WireGuard key, base64. True counts as received. */
  accept(sender: string, message: Pick<Message, 'kind' | 'epoch' | 'nonce'>): boolean;
  /** Forgets all other senders. */
  keepOnly(senders: { has(key: string): boolean }): void;
}

type Last = Pick<Message, 'epoch' | 'nonce'>;

export function createReplayWindow(): ReplayWindow {
  const bySender = new Map<string, Map<Message['kind'], Last>>();
  return {
    accept(sender, { kind, epoch, nonce }) {
      const byKind = bySender.get(sender) ?? new Map<Message['kind'], Last>();
      const last = byKind.get(kind);
      if (last !== undefined && (epoch < last.epoch || (epoch === last.epoch && nonce <= last.nonce))) return false;
      bySender.set(sender, byKind.set(kind, { epoch, nonce }));
      return true;
    },
    keepOnly(senders) {
      for (const sender of bySender.keys()) if (!senders.has(sender)) bySender.delete(sender);
    },
  };
}
