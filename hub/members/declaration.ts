/**
 * What a kubeconfig source declares: which members there are, and how to reach them.
 *
 * A declaration whose content cannot be read still declares its member: only absence from a complete read removes one.
 */
import type { Problem } from '../../core/api/problem.js';
import type { Result } from '../../core/runtime/result.js';
import type { CredentialLifetime, KubeClient } from '../../kube/wire/client.js';
import type { MemberTerms } from './terms.js';
import { DNS_LABEL } from '../../core/text/dnsLabel.js';

export interface Declaration {
  readonly id: string;
  /** Where it was found, for messages: `secret kilofed/west`, `file /etc/kilofed/members/west.yaml`. */
  readonly origin: string;
  /** The kubeconfig, or why there is none. */
  readonly content: Result<string>;
  /** Who wrote it: that decides what the kubeconfig may do on the hub's machine. */
  readonly place: Place;
  /** What is declared for it beside the kubeconfig. */
  readonly terms: MemberTerms;
  /** Where they are or would be written, for messages. */
  readonly termsPlace: string;
}

/** Where a kubeconfig stands. */
export type Place =
  /** On the hub's own machine. */
  | { readonly kind: 'file'; readonly path: string }
  /** In the home cluster. Whoever may write it there has no rights on the hub's machine. */
  | SecretPlace;

export interface SecretPlace {
  readonly kind: 'secret';
  readonly namespace: string;
  readonly name: string;
  /** Of the object that was read: another one of that name, or a later version, is not this kubeconfig. */
  readonly uid: string;
  readonly resourceVersion: string;
  /** RFC 3339, by the home cluster. */
  readonly created?: string;
}

/** What was made of a kubeconfig. */
export interface Connected {
  readonly client: KubeClient;
  /** It does not look who answers. */
  readonly insecure?: boolean;
  /** Absent: nothing that stands in the kubeconfig ends. */
  readonly lifetime?: CredentialLifetime;
}

/** Makes a client of a kubeconfig's text, with the rights that its place has. */
export type Connect = (kubeconfig: string, place: Place) => Result<Connected>;

export interface SourceRead {
  /** False until the source has been read completely once. */
  readonly complete: boolean;
  /** Whether it may declare more than it tells. Who is not told of is then not known to be gone. */
  readonly partial?: boolean;
  readonly declarations: readonly Declaration[];
  /** Of members. `cluster` is the declared name, which may not be a valid id. Absent: the source itself has the problem. */
  readonly problems: readonly Problem[];
}

export interface Source {
  /** What the last successful read found. */
  read(): SourceRead;
  /** Follows the source until `signal` aborts. Calls `changed` after every read that differs. */
  run(changed: () => void, signal: AbortSignal): Promise<void>;
}

/** Member ids are single RFC 1123 labels: they become label values, object names and DNS labels (KEP-2149, KEP-1645 status.clusters). */
export function isMemberId(text: string): boolean {
  return DNS_LABEL.test(text);
}

/** The problem of a name that is not a member id. */
export function badId(name: string, origin: string): Problem {
  return {
    cluster: name,
    subject: { kind: 'member' },
    reason: 'BadId',
    message: `"${name}" (${origin}) is not a member id: use 1 to 63 of a-z, 0-9 and "-", beginning and ending with a letter or digit`,
  };
}
