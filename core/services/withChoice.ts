/**
 * The slices behind one Service of an importing member, with what is held back in them.
 */
import { LABEL, MCS_LABEL } from '../api/names.js';
import type { KubeObject } from '../api/resources.js';
import type { EndpointSliceObject } from './importParts.js';
import type { SliceRecord } from './model.js';
import { effectivelyReady, withReadiness } from './readiness.js';
import { type Beside, type ChoiceSlice, heldBack } from './heldBack.js';
import type { ChoicePolicy } from './choicePolicy.js';

interface MirroredPart {
  /** Id of the member that the slices are mirrored from. */
  readonly cluster: string;
  readonly slices: readonly EndpointSliceObject[];
  readonly isCut: (address: string) => boolean;
}

interface WithChoiceInput {
  /** Absent: nothing is chosen. */
  readonly policy: ChoicePolicy | undefined;
  readonly parts: readonly MirroredPart[];
  /** Slices of members of which nothing is known now. They stay as they are, and what is ready in them serves. */
  readonly kept: readonly KubeObject[];
  readonly beside?: Beside;
}

export function withChoice({ policy, parts, kept, beside }: WithChoiceInput): EndpointSliceObject[] {
  const slices = parts.flatMap((part) => part.slices);
  if (policy === undefined) return slices;
  const cut = new Map(parts.map(({ cluster, isCut }) => [cluster, isCut]));
  const ready = new Set(
    kept.flatMap((slice) => effectivelyReady(slice).map((address) => `${slice.metadata.labels?.[LABEL.cluster]} ${address}`)),
  );
  const held = heldBack({
    policy,
    slices: [...slices, ...(kept as readonly ChoiceSlice[])],
    isCut: (member, address) => cut.get(member)?.(address) ?? !ready.has(`${member} ${address}`),
    ...(beside !== undefined && { beside }),
  });
  return slices.map((slice) => withReadiness(slice, held(slice)));
}

/** Those of a Service that join it now. */
export function joining(service: string, slices: readonly KubeObject[]): KubeObject[] {
  return slices.filter(({ metadata }) => metadata.labels?.[MCS_LABEL.kubeServiceName] === service);
}

/** What stands beside ours behind a member's own Service. */
export function besideOf(member: string, slices: readonly SliceRecord[]): Beside {
  const ready: Record<string, number> = {};
  for (const { addressType, endpoints } of slices)
    ready[addressType] = (ready[addressType] ?? 0) + endpoints.filter((endpoint) => endpoint.ready !== false).length;
  return { member, ready };
}
