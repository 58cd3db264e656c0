/**
 * What a verb uses of its surroundings, and its exit codes.
 */

export interface Cli {
  /** Standard output: the answer, and nothing else. */
  readonly out: (text: string) => void;
  /** Standard error: notes and errors. */
  readonly err: (text: string) => void;
  /** Kubeconfig files to look at when no flag names one: those of $KUBECONFIG, else ~/.kube/config. */
  readonly kubeconfigs: readonly string[];
  /** What programs that a kubeconfig names for credentials inherit, as kubectl's do. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Asks whoever sits there; undefined, or absent: nobody does. */
  readonly ask?: (question: string) => Promise<string | undefined>;
  /** Ends what would go on. */
  readonly signal: AbortSignal;
  /** Sets the exit code. */
  readonly end: (code: number) => void;
}

export const EXIT = {
  fine: 0,
  /** The answer is that something is not as it should be. */
  problems: 1,
  /** No answer: the hub did not reply, or the command line is wrong. */
  failed: 2,
} as const;

export const EXIT_CODES = `Exit codes:
  0  all is well
  1  problems reported, or something not finished yet
  2  could not find out, or the command line is wrong`;
