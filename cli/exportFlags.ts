/**
 * What the verbs for one export are told.
 */
import type { ClusterFlags } from './findKubeconfig.js';

export const FORMATS = ['text', 'json'] as const;

interface VerbFlags extends ClusterFlags {
  readonly output: (typeof FORMATS)[number];
  readonly dryRun?: boolean;
  readonly wait: boolean;
  /** Milliseconds. */
  readonly timeout: number;
}

export interface ExportFlags extends VerbFlags {
  readonly mcs?: boolean;
  readonly to?: string;
  readonly ownName?: string;
  readonly affinity?: string;
  readonly prefer?: string;
  readonly weights?: string;
  readonly endpoints?: string;
}

export type UnexportFlags = VerbFlags;
