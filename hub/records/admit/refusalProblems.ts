/**
 * What was left out of a member, as problems: one for each rule, however many addresses it concerns.
 */
import { ANNOTATION } from '../../../core/api/names.js';
import type { Complaint, Problem } from '../../../core/api/problem.js';
import { groupByName } from '../../../core/mesh/groupByName.js';
import type { RefusedPart } from './admitNode.js';
import { someOf } from './limits.js';

/** `of`: the name of the node, or `its Mesh`. */
export type Refusal = RefusedPart & { readonly of: string };

/** `place`: where the terms of the member are written. */
export function refusalProblems(refused: readonly Refusal[], place: string): Problem[] {
  return groupByName(refused, ruleOf).map(([, group]) => ({
    subject: { kind: 'mesh' },
    ...complaint(group[0] as Refusal, someOf(group.map(({ what, of }) => `${what} (${of})`)), place),
  }));
}

function ruleOf(refusal: Refusal): string {
  if (refusal.kind !== 'range') return refusal.kind;
  return refusal.why.kind === 'reserved' ? `range reserved ${refusal.why.member}` : `range ${refusal.why.kind}`;
}

function complaint(refusal: Refusal, list: string, place: string): Complaint {
  if (refusal.kind === 'meshAddress')
    return {
      reason: 'NotAllowed',
      message: `mesh addresses outside of spec.wireguardCIDRs are left out: ${list}`,
      remedy: 'is the cluster-agent running, which gives nodes their addresses?',
    };
  if (refusal.kind === 'endpoint')
    return {
      reason: 'EndpointRefused',
      message: `nobody is told to dial these endpoints: ${list}`,
      remedy: 'give the nodes endpoints that are ordinary addresses or DNS names (kilo.squat.ai/force-endpoint)',
    };
  const declare = `declare all ranges of its pods, mesh addresses, Services and nodes: annotation ${ANNOTATION.allowedCIDRs} of ${place}`;
  switch (refusal.why.kind) {
    case 'special':
      return {
        reason: 'SpecialRange',
        message: `loopback, link-local, multicast, reserved and metadata ranges are not routed between clusters: ${list}`,
        remedy: 'correct the pod CIDRs or the Mesh of the cluster',
      };
    case 'wide':
      return {
        reason: 'NotAllowed',
        message: `ranges wider than /8, or /32 in IPv6, are left out: ${list}`,
        remedy: 'give the cluster smaller ranges',
      };
    case 'public':
      return {
        reason: 'NotAllowed',
        message: `ranges that are not private are left out unless they are declared for the member: ${list}`,
        remedy: `if they are its own, ${declare}`,
      };
    case 'own':
      return {
        reason: 'NotAllowed',
        message: `ranges of Services that touch its own pods, mesh addresses or nodes are not routed: ${list}`,
        remedy: `write what kube-apiserver has as --service-cluster-ip-range to ${ANNOTATION.serviceCIDRs} of ${place}`,
      };
    case 'undeclared':
      return {
        reason: 'NotAllowed',
        message: `ranges outside of those that are declared for the member are left out: ${list}`,
        remedy: `if they are its own, ${declare}`,
      };
    default:
      return {
        reason: 'NotAllowed',
        message: `ranges that are declared for ${refusal.why.member} are left out: ${list}`,
        remedy: `give the cluster other ranges; or, if they are its own, correct what is declared for ${refusal.why.member} and ${declare}`,
      };
  }
}
