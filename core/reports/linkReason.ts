/**
 * Why a tunnel fails, as far as one of its ends can tell.
 *
 * WireGuard's counters grow with every packet that was authenticated, handshakes among them, so what is received tells that the far host
 * lives and has our key. A handshake needs both directions. A far agent is heard by its probes and answers, by whatever path they come.
 */
import type { LinkReason } from '../api/links.js';

/** What is known of a tunnel that fails. "Since" means since it fails. */
export interface FailureFacts {
  /** One of the two ends knows where to send. */
  readonly hasEndpoint: boolean;
  /** What WireGuard says of the far end; absent: it was not asked yet. */
  readonly counted?: {
    /** There was a handshake at some time. */
    readonly everHandshake: boolean;
    /** There was one since. */
    readonly handshake: boolean;
    /** Something was received since, and not long ago. */
    readonly received: boolean;
    /** The last handshake is so recent that its session still carries packets. */
    readonly session: boolean;
  };
  /** The far agent was heard since, and not long ago; by this tunnel, or by another way. */
  readonly agentHeard?: 'by this tunnel' | 'otherwise';
  /** The far host itself answered since, and not long ago: where nobody listens, it says so. */
  readonly hostAnswered: boolean;
}

/** The first that applies. NoAnswer, while nothing else is known. */
export function linkReason({ hasEndpoint, counted, agentHeard, hostAnswered }: FailureFacts): LinkReason {
  if (agentHeard === 'by this tunnel') return 'OneWay';
  if (agentHeard === undefined && hostAnswered) return 'AgentGone';
  if (counted === undefined) return hasEndpoint ? 'NoAnswer' : 'NoEndpoint';
  if (!counted.everHandshake && !counted.received) return hasEndpoint ? 'NoHandshake' : 'NoEndpoint';
  if (!counted.received) return 'NoAnswer';
  // Its WireGuard completes handshakes, or answers what the session brings. An agent that lives would be heard by that.
  if (counted.handshake || counted.session) return agentHeard === undefined ? 'AgentGone' : 'OneWay';
  return 'OneWay';
}
