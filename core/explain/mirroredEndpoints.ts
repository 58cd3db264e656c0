/**
 * The endpoints of an EndpointSlice of the hub's: which are used, and which are held back that their exporter says are ready.
 */
import { LABEL } from '../api/names.js';
import type { KubeObject } from '../api/resources.js';
import { withReadiness } from '../services/readiness.js';
import type { EndpointFact } from './facts.js';

interface Slice extends KubeObject {
  readonly endpoints?: readonly Endpoint[] | null;
}

interface Endpoint {
  readonly addresses?: readonly string[];
  readonly conditions?: {
    readonly ready?: boolean | null;
    readonly serving?: boolean | null;
    readonly terminating?: boolean | null;
  } | null;
  readonly zone?: string | null;
}

/** `whyHeld`: why an address is held back; undefined: by the choice among the exporters, which whyNotChosen.ts explains. */
export function mirroredEndpoints(object: KubeObject, whyHeld: (address: string) => string | undefined, since?: string): EndpointFact[] {
  const slice = object as Slice & { readonly endpoints?: readonly (Endpoint & Readonly<Record<string, unknown>>)[] | null };
  const said: Slice = withReadiness(slice, () => false);
  const cluster = object.metadata.labels?.[LABEL.cluster] ?? '';
  return (slice.endpoints ?? []).flatMap((endpoint, at) => {
    const [address] = endpoint.addresses ?? [];
    if (address === undefined) return [];
    const here = stateOf(endpoint);
    const there = stateOf(said.endpoints?.[at] ?? endpoint);
    const isHeld = here !== 'ready' && here !== there;
    const why = isHeld ? whyHeld(address) : undefined;
    return [
      {
        address,
        cluster,
        state: isHeld ? ('heldBack' as const) : here,
        ...(why !== undefined && { why }),
        ...(typeof endpoint.zone === 'string' && { zone: endpoint.zone }),
        ...(since !== undefined && { since }),
      },
    ];
  });
}

function stateOf({ conditions }: Endpoint): 'ready' | 'terminating' | 'notReady' {
  if (conditions?.ready !== false) return 'ready';
  return conditions.terminating === true && conditions.serving !== false ? 'terminating' : 'notReady';
}
