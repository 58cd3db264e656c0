/**
 * Facts about a member's network, as everybody reads them.
 */
import type { MeshSpec } from '../../../core/api/meshSpec.js';
import type { MeshNode } from '../../../core/api/meshNode.js';

/** What is admitted of a member. Only `createAdmission` makes it. */
export interface ClusterFacts {
  readonly mesh: MeshSpec;
  /** The ranges that are declared for the member, in as few CIDRs as possible. Undefined: none are. */
  readonly declared: readonly string[] | undefined;
  /** All sorted, without duplicates. */
  readonly podCIDRs: readonly string[];
  /** As the member says: they are not routed, and only keep others from linking with it. */
  readonly serviceCIDRs: readonly string[];
  /** Of Services, as they are declared for the member: others route them to it. */
  readonly routedServiceCIDRs: readonly string[];
  readonly meshCIDRs: readonly string[];
  /** Sorted by name, reduced to what others need. Internal addresses are as the node says: they are its own networks. */
  readonly nodes: readonly MeshNode[];
  /** Internal addresses that others may route, as CIDRs. */
  readonly nodeAddresses: ReadonlySet<string>;
}
