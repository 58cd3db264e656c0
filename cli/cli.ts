/**
 * What a verb may use of the world around it, and how it ends.
 */

export interface Cli {
  /** Standard output: the answer, and nothing else. */
  readonly out: (text: string) => void;
  /** Standard error: notes and complaints. */
  readonly err: (text: string) => void;
  /** Kubeconfig files to look at when no flag names one: those of $KUBECONFIG, else ~/.kube/config. */
  readonly kubeconfigs: readonly string[];
  /** Sets the exit code. */
  readonly end: (code: number) => void;
}

export const EXIT = {
  fine: 0,
  /** We know, and something is not as it should be. */
  problems: 1,
  /** We do not know: the hub did not answer, or the command line is wrong. */
  failed: 2,
} as const;

export const EXIT_CODES = `Exit codes:
  0  all is well
  1  something is not, or not yet, as it should be
  2  could not find out, or the command line is wrong`;
