/**
 * Why a member cannot be written to, as far as its Lease tells, where an administrator has to act.
 */
import { ANNOTATION, DEFAULT_NAMESPACE, HUB_LEASE } from '../../core/api/names.js';
import { isFederationName } from './federationName.js';
import type { LeaseState } from './lease.js';
import { type MemberState, stateOfFailure } from './memberState.js';

/** Undefined: nothing is wrong, or something else tells it, such as that the API server does not answer. */
export function leaseRefusal(state: LeaseState): MemberState | undefined {
  if (state.kind === 'foreign') {
    const { federation } = state;
    // The member wrote the name, and people copy the command.
    const reason = isFederationName(federation)
      ? `it belongs to federation ${federation}: remove it there first, or give this hub --federation ${federation} ` +
        "if it is that federation's hub now"
      : `its Lease ${HUB_LEASE}, or what has the hub's label, names a federation that cannot be one: ` +
        `correct ${ANNOTATION.federation} there`;
    return { kind: 'refused', reason };
  }
  const failure = state.kind === 'wanted' ? state.failure : undefined;
  switch (failure?.kind) {
    case 'forbidden':
      return stateOfFailure(failure, false);
    case 'notFound':
      return {
        kind: 'refused',
        reason: `there is no namespace ${DEFAULT_NAMESPACE} for the hub's Lease: apply manifests/cluster.yaml and manifests/member.yaml`,
      };
    default:
      return undefined;
  }
}
