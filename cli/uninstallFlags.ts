/**
 * What `kilofed uninstall` is told.
 */
import type { ClusterFlags } from './findKubeconfig.js';

export interface UninstallFlags extends ClusterFlags {
  readonly namespace: string;
  readonly hub?: string;
  readonly hubKubeconfig?: string;
  readonly hubContext?: string;
  readonly withHub?: boolean;
  readonly crds?: boolean;
  readonly cleanNodes?: boolean;
  readonly image?: string;
  readonly cniFolder: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly force?: boolean;
  readonly output: 'text' | 'json';
  /** Milliseconds, for each thing that is waited for. */
  readonly timeout: number;
}
