/**
 * What a kubeconfig source tells: which members there are meant to be, and how each is reached.
 *
 * A declaration whose content cannot be read still declares its member: only absence from a complete read removes one.
 */

export interface Declaration {
  readonly id: string;
  /** Where it was found, for people: `secret kilofed/west`, `file /etc/kilofed/members/west.yaml`. */
  readonly origin: string;
  readonly content: { readonly ok: true; readonly kubeconfig: string } | { readonly ok: false; readonly error: string };
}

export interface SourceProblem {
  /** The member it concerns, or the name that is not fit to be one. */
  readonly cluster: string;
  readonly origin: string;
  readonly reason: 'BadId' | 'Duplicate' | 'Unreadable';
  readonly message: string;
}

export interface SourceRead {
  /** False until the source was read from end to end once. */
  readonly complete: boolean;
  readonly declarations: readonly Declaration[];
  readonly problems: readonly SourceProblem[];
}

export interface Source {
  /** What the last successful read found. */
  read(): SourceRead;
  /** Follows the source, telling `changed` after every read that differs, until `signal` aborts. */
  run(changed: () => void, signal: AbortSignal): Promise<void>;
}

const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** Member ids are single RFC 1123 labels: they become label values, object names and DNS labels (KEP-2149, KEP-1645 status.clusters). */
export function isMemberId(text: string): boolean {
  return LABEL.test(text);
}

/** The problem of a name that is no member id. */
export function badId(name: string, origin: string): SourceProblem {
  return {
    cluster: name,
    origin,
    reason: 'BadId',
    message: `"${name}" (${origin}) is not a member id: use 1 to 63 of a-z, 0-9 and "-", beginning and ending with a letter or digit`,
  };
}
