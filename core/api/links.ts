/**
 * The words for links between segments, and for the tunnels that they are made of.
 */

/**
 * Why a tunnel does not work. NoEndpoint: neither end knows where to send. NoHandshake: there never was one. NoAnswer: nothing comes back
 * any more. OneWay: the far end sends, and does not hear us. AgentGone: WireGuard answers and the far agent does not. KeyUnknown: the far
 * node does not know our key yet. NotForwarding: the far gateway answers and does not forward. LargePackets: large packets are lost.
 */
export const LINK_REASONS = [
  'NoEndpoint',
  'NoHandshake',
  'NoAnswer',
  'OneWay',
  'AgentGone',
  'KeyUnknown',
  'NotForwarding',
  'LargePackets',
] as const;

export type LinkReason = (typeof LINK_REASONS)[number];

/**
 * Of a link: up: all its tunnels work. degraded: some do not, and traffic gets there by others. down: none works. unknown: nobody says.
 */
export const LINK_STATES = ['up', 'degraded', 'down', 'unknown'] as const;

export type LinkState = (typeof LINK_STATES)[number];
