/**
 * What tells a tunnel of a node from all others of it, from one report to the next: where it leads, by which plane, and to whom.
 */
import type { ReportedLink } from '../api/gatewayReport.js';

/** Made here only, and never parsed. */
export type LinkKey = string;

export function linkKey({ segment, slot, peer }: Pick<ReportedLink, 'segment' | 'slot' | 'peer'>): LinkKey {
  return JSON.stringify([segment, slot, peer]);
}
