/**
 * What a check of ours has to say, and how it is printed.
 */
export interface Finding {
  /** Relative to the repository's root. */
  readonly file: string;
  readonly line?: number;
  /** What is wrong and what to do. */
  readonly message: string;
}

export function describeFinding({ file, line, message }: Finding): string {
  return `${file}${line === undefined ? '' : `:${line}`}: ${message}`;
}
