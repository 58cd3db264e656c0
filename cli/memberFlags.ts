/**
 * What the verbs for a member as a whole are told.
 */
import type { HubFlags } from './hubFlags.js';

export const FORMATS = ['text', 'json'] as const;

export interface MemberFlags extends HubFlags {
  readonly output: (typeof FORMATS)[number];
  /** Milliseconds. */
  readonly timeout: number;
  readonly force?: boolean;
  readonly dryRun?: boolean;
}

export type MemberVerb = 'drain' | 'cordon' | 'uncordon';
