/**
 * Which of several links, and of several reasons, to tell first and to act by. A reason that names what is wrong comes before one that says
 * only that nothing comes back.
 */
import type { LinkReason, LinkState } from '../api/links.js';

const BY_WEIGHT: readonly LinkReason[] = [
  'AgentGone',
  'NotForwarding',
  'KeyUnknown',
  'NoEndpoint',
  'LargePackets',
  'OneWay',
  'NoHandshake',
  'NoAnswer',
];

export function gravest(reasons: readonly LinkReason[]): LinkReason | undefined {
  return BY_WEIGHT.find((reason) => reasons.includes(reason));
}

/** States of links, the gravest first: what nobody knows may be down. */
export const GRAVEST_STATES: readonly LinkState[] = ['down', 'unknown', 'degraded', 'up'];
