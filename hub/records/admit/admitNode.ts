/**
 * What others take of one MeshNode of a member.
 */
import type { MeshNode } from '../../../core/api/meshNode.js';
import { verifiedNodes } from '../../../core/mesh/verified.js';
import { type Cidr, contains, formatCidr, parseCidr } from '../../../core/net/cidr.js';
import { isWhollyPrivate } from '../../../core/net/special.js';
import { admitHost } from './admitHost.js';
import type { RangeRefusal, RangeRule } from './admitRange.js';

export interface AdmittedNode {
  readonly node: MeshNode;
  readonly pods: readonly Cidr[];
  /** Internal addresses that others may route, as CIDRs. */
  readonly addresses: readonly string[];
  readonly refused: readonly RefusedPart[];
}

/** What is left out of a node, and why. */
export type RefusedPart =
  | { readonly kind: 'range'; readonly what: string; readonly why: RangeRefusal }
  /** A mesh address outside of the ranges that the member's Mesh takes them from. */
  | { readonly kind: 'meshAddress'; readonly what: string }
  | { readonly kind: 'endpoint'; readonly what: string };

interface NodeContext {
  readonly rule: RangeRule;
  /** The ranges of mesh addresses that are admitted. */
  readonly meshRanges: readonly Cidr[];
  /** Whether ranges are declared for the member, so that a private node address outside of them is worth a word. */
  readonly isDeclared: boolean;
}

/** Undefined: the member's own cluster-agent has not verified the node yet. */
export function admitNode(reported: MeshNode, { rule, meshRanges, isDeclared }: NodeContext): AdmittedNode | undefined {
  const [known] = verifiedNodes([reported]);
  if (known === undefined) return undefined;
  const node = withoutAssignment(known);
  const refused: RefusedPart[] = [];
  const pods: Cidr[] = [];
  const podCIDRs = node.spec.podCIDRs.filter((what) => {
    const cidr = parseCidr(what);
    const why = rule.routed(cidr);
    if (why !== undefined) refused.push({ kind: 'range', what, why });
    else if (cidr !== undefined) pods.push(cidr);
    return why === undefined;
  });
  const meshAddresses = node.status?.meshAddresses?.filter((what) => {
    const address = parseCidr(what);
    const isOwn = address !== undefined && meshRanges.some((range) => contains(range, address));
    const why = isOwn ? rule.routed(address) : undefined;
    if (!isOwn) refused.push({ kind: 'meshAddress', what });
    else if (why !== undefined) refused.push({ kind: 'range', what, why });
    return isOwn && why === undefined;
  });
  const endpoints = node.spec.endpoints.filter(({ host }) => {
    const isRefused = admitHost(host) === 'refused';
    if (isRefused) refused.push({ kind: 'endpoint', what: host });
    return !isRefused;
  });
  const admitted =
    refused.length === 0
      ? node
      : {
          ...node,
          spec: { ...node.spec, podCIDRs, endpoints },
          status: { ...node.status, ...(meshAddresses !== undefined && { meshAddresses }) },
        };
  const addresses = node.spec.internalIPs.flatMap((text): string[] => {
    const address = parseCidr(text.split('/', 1)[0] ?? '');
    // A public address needs no tunnel, and LANs everywhere use the same private ones: neither is a mistake.
    if (address === undefined || !isWhollyPrivate(address)) return [];
    const what = formatCidr(address);
    const why = rule.routed(address);
    if (why !== undefined && isDeclared) refused.push({ kind: 'range', what, why });
    return why === undefined ? [what] : [];
  });
  return { node: admitted, pods, addresses, refused };
}

/** From here on its pods' ranges are what its spec says: no later look at its status brings back a refused one. */
function withoutAssignment(node: MeshNode): MeshNode {
  const { assignedPods, verified, ...status } = node.status ?? {};
  if (assignedPods === undefined || verified === undefined) return node;
  return { ...node, status: { ...status, verified: { ...verified, podCIDRs: node.spec.podCIDRs } } };
}
