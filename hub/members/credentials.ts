/**
 * A member's declared kubeconfig, and the client made from it. A new kubeconfig replaces the connection. One that cannot be
 * used leaves the connection as it is.
 */
import type { Complaint, Problem } from '../../core/api/problem.js';
import type { Clock } from '../../core/runtime/clock.js';
import type { Log } from '../../core/runtime/log.js';
import type { Result } from '../../core/runtime/result.js';
import type { Connect, Connected, Declaration, Place } from './declaration.js';
import { createMemberClient, type MemberClient, type MemberClientDeps } from './memberClient.js';

interface Credentials {
  /** Undefined before there was a usable kubeconfig. */
  client(): MemberClient | undefined;
  /** The kubeconfig that the client is made of. */
  inUse(): KubeconfigInUse | undefined;
  /** Why the current kubeconfig cannot be used. Undefined: it can. */
  unusable(): string | undefined;
  problems(): readonly Problem[];
  /** Returns whether anything changed. Never throws, whatever the kubeconfig is. */
  declare(declaration: Declaration): boolean;
}

export interface KubeconfigInUse extends Pick<Connected, 'lifetime' | 'insecure'> {
  readonly text: string;
  readonly place: Place;
}

interface CredentialsDeps extends MemberClientDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly connect: Connect;
}

export function createCredentials(deps: CredentialsDeps): Credentials {
  let client: MemberClient | undefined;
  let inUse: KubeconfigInUse | undefined;
  let unusable: string | undefined;
  /** What was declared last. */
  let tried: Pick<Declaration, 'content' | 'place'> | undefined;

  /** All members are declared again when one of them changes. A file may name others that have appeared by now. */
  function isNothingNew({ content, place }: Declaration): boolean {
    if (tried === undefined || !sameContent(content, tried.content) || !sameRights(place, tried.place)) return false;
    return unusable === undefined || place.kind === 'secret';
  }

  function use(text: string, place: Place, { client: connection, ...about }: Connected): void {
    inUse = { text, place, ...about };
    if (client === undefined) client = createMemberClient(connection, deps);
    else client.replace(connection);
  }

  return {
    client: () => client,
    inUse: () => inUse,
    unusable: () => unusable,
    problems: () =>
      [
        unusable !== undefined && client !== undefined ? staysInUse(unusable) : undefined,
        inUse?.insecure === true ? INSECURE : undefined,
      ].flatMap((complaint) => (complaint === undefined ? [] : [{ subject: { kind: 'member' } as const, ...complaint }])),
    declare(declaration) {
      const { content, origin, place } = declaration;
      const nothingNew = isNothingNew(declaration);
      tried = { content, place };
      if (inUse !== undefined && content.ok && content.value === inUse.text) inUse = { ...inUse, place };
      if (nothingNew) return false;
      const connected = content.ok ? connectSafely(deps.connect, content.value, place) : content;
      unusable = connected.ok ? undefined : `${origin}: ${connected.error}`;
      if (connected.ok && content.ok) use(content.value, place, connected.value);
      if (unusable !== undefined) deps.log.warn('A kubeconfig cannot be used', { origin, reason: unusable });
      return true;
    },
  };
}

/** The text is somebody else's: what reads it may have a fault that nobody knows of, and that must end no other member. */
function connectSafely(connect: Connect, text: string, place: Place): Result<Connected> {
  try {
    return connect(text, place);
  } catch {
    // What was thrown may quote the text.
    return { ok: false, error: 'the kubeconfig cannot be read: write a plain one, as examples/multicluster/make-kubeconfig.sh prints it' };
  }
}

function sameContent(a: Result<string>, b: Result<string>): boolean {
  return a.ok === b.ok && (a.ok ? a.value : a.error) === (b.ok ? b.value : b.error);
}

/** The same text means something else where it may do other things, or where its paths start elsewhere. */
function sameRights(a: Place, b: Place): boolean {
  return a.kind === b.kind && (a.kind === 'secret' || (b.kind === 'file' && a.path === b.path));
}

function staysInUse(unusable: string): Complaint {
  return {
    reason: 'BadKubeconfig',
    message: `the kubeconfig was changed to one that cannot be used, so the one before stays in use: ${unusable}`,
  };
}

const INSECURE: Complaint = {
  reason: 'InsecureTls',
  message: 'its kubeconfig says insecure-skip-tls-verify, so anybody between the hub and the API server can take its credentials',
  remedy: "put the API server's authority into certificate-authority-data instead",
};
