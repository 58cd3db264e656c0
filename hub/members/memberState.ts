/**
 * The state of a member. Only `ready` members are written to. What the hub knows of a member that was ready once is kept in
 * all other states.
 */
import type { KubeFailure } from '../../kube/wire/client.js';

export type MemberState =
  /** Recognised, and all resources have been listed. */
  | { readonly kind: 'ready' }
  /** Not ready yet. */
  | { readonly kind: 'connecting'; readonly reason: string }
  /** Was connected, and does not answer now. */
  | { readonly kind: 'unreachable'; readonly reason: string }
  /** An administrator has to act: kubeconfig, credentials, rights or identity are wrong. */
  | { readonly kind: 'refused'; readonly reason: string };

/** The state that a failed request puts a member in. */
export function stateOfFailure(failure: KubeFailure, wasReady: boolean): MemberState {
  switch (failure.kind) {
    case 'unauthorized':
      return { kind: 'refused', reason: `the API server does not accept the credentials: renew the kubeconfig (${failure.message})` };
    case 'forbidden':
      return { kind: 'refused', reason: `the account lacks rights: apply the member RBAC of the manifests again (${failure.message})` };
    case 'notFound':
      return { kind: 'connecting', reason: `something the hub needs is not there: install the CRDs of the manifests (${failure.message})` };
    default:
      return { kind: wasReady ? 'unreachable' : 'connecting', reason: failure.message };
  }
}
