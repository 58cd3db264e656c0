/**
 * What was found of Kilofed in a cluster.
 */
import type { DaemonSet } from './cleanUpPods.js';
import type { ObjectRef } from './ownObjects.js';

export interface Found extends ObjectRef {
  readonly uid: string;
  /** Of a kind: it came with `manifests/`, and not with other software that uses it, too. */
  readonly isOfManifests: boolean;
}

export interface Installation {
  /** Of the namespace kube-system: which cluster it is. */
  readonly uid: string;
  readonly namespace?: Found;
  readonly nodeAgents?: DaemonSet;
  readonly clusterAgent: readonly Found[];
  /** Accounts, rights and policies of a member. */
  readonly member: readonly Found[];
  readonly hub: readonly Found[];
  /** Objects of our own kinds. */
  readonly own: readonly Found[];
  /** What a hub wrote. */
  readonly mirrored: readonly Found[];
  /** Peers, ServiceExports and ServiceImports of people. */
  readonly peoples: readonly Found[];
  readonly kinds: readonly Found[];
  /** Whom the hub in this cluster has. */
  readonly members: readonly { readonly secret: string; readonly id: string }[];
  /** What lies in namespace kilofed, whoever put it there. */
  readonly contents: readonly Found[];
  /** That the cluster belongs to. */
  readonly federation?: string;
  /** CoreDNS answers for clusterset.local. */
  readonly hasDns: boolean;
  /** Kilo's own agents are in the cluster. */
  readonly hasKilo: boolean;
  /** Pods have their network from the node-agents. */
  readonly isNetworkPlugin: boolean;
  /** Names of nodes that are not ready. */
  readonly away: ReadonlySet<string>;
}
