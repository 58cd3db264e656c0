/**
 * An EndpointSlice of a member as the hub remembers it. What names things of the member (target pods, nodes, hints) stays
 * behind: it means nothing elsewhere.
 */
import { MCS_LABEL } from '../../core/api/names.js';
import type { KubeObject } from '../../core/api/resources.js';
import type { SliceEndpoint, SlicePort, SliceRecord } from '../../core/services/model.js';
import { isOwn, keepOwn } from './held.js';

export type SliceEntry =
  | { readonly kind: 'own'; readonly object: KubeObject }
  | { readonly kind: 'source'; readonly record: SliceRecord }
  /** Of no concern, but there. */
  | { readonly kind: 'other' };

const OTHER: SliceEntry = { kind: 'other' };

interface RawSlice extends KubeObject {
  readonly addressType?: string;
  readonly ports?: readonly { readonly name?: string; readonly protocol?: SlicePort['protocol']; readonly port?: number; readonly appProtocol?: string }[] | null;
  readonly endpoints?: readonly RawEndpoint[] | null;
}

interface RawEndpoint {
  readonly addresses?: readonly string[];
  readonly conditions?: { readonly ready?: boolean | null; readonly serving?: boolean | null; readonly terminating?: boolean | null };
  readonly hostname?: string;
  readonly zone?: string;
}

/** `wanted` says whether anybody needs the slices of a Service, given as `namespace/name`. */
export function projectSlice(cluster: string, object: KubeObject, wanted: (service: string) => boolean): SliceEntry {
  const { labels = {}, namespace = '', deletionTimestamp } = object.metadata;
  if (isOwn(object)) return { kind: 'own', object: keepOwn(object) };
  const service = labels[MCS_LABEL.kubeServiceName];
  const { addressType } = object as RawSlice;
  if (service === undefined || deletionTimestamp !== undefined || !wanted(`${namespace}/${service}`)) return OTHER;
  if (addressType !== 'IPv4' && addressType !== 'IPv6') return OTHER;
  return { kind: 'source', record: recordOf(cluster, object, { service, addressType }) };
}

function recordOf(cluster: string, object: RawSlice, known: Pick<SliceRecord, 'service' | 'addressType'>): SliceRecord {
  return {
    cluster,
    namespace: object.metadata.namespace ?? '',
    name: object.metadata.name,
    uid: object.metadata.uid ?? '',
    ...known,
    ports: (object.ports ?? []).flatMap((port) =>
      port.port === undefined
        ? []
        : [{
            name: port.name ?? '',
            protocol: port.protocol ?? 'TCP',
            port: port.port,
            ...(port.appProtocol !== undefined && { appProtocol: port.appProtocol }),
          }],
    ),
    endpoints: (object.endpoints ?? []).map(endpointOf),
  };
}

/** Conditions are kept as they are, absent ones absent (EndpointConditions: nil ready means ready). */
function endpointOf(endpoint: RawEndpoint): SliceEndpoint {
  const { ready, serving, terminating } = endpoint.conditions ?? {};
  const hostname = endpoint.hostname;
  return {
    addresses: endpoint.addresses ?? [],
    ...(typeof ready === 'boolean' && { ready }),
    ...(typeof serving === 'boolean' && { serving }),
    ...(typeof terminating === 'boolean' && { terminating }),
    ...(hostname !== undefined && hostname !== '' && { hostname }),
    ...(endpoint.zone !== undefined && { zone: endpoint.zone }),
  };
}
