/**
 * A Service of a member as the hub remembers it: the whole of an exported one's contract, the whole of our own, and of
 * everybody else's only that the name is taken.
 */
import { ANNOTATION, KILOFED_GROUP } from '../../core/api/names.js';
import type { KubeObject } from '../../core/api/resources.js';
import type { ServicePort, ServiceRecord } from '../../core/services/model.js';
import { isOwn, keepOwn } from './held.js';

export type ServiceEntry =
  | { readonly kind: 'foreign'; readonly namespace: string; readonly name: string; readonly uid: string }
  | { readonly kind: 'exported'; readonly namespace: string; readonly name: string; readonly uid: string; readonly record: ServiceRecord }
  | { readonly kind: 'own'; readonly namespace: string; readonly name: string; readonly uid: string; readonly object: KubeObject };

interface RawService extends KubeObject {
  readonly spec?: {
    readonly type?: ServiceRecord['type'];
    readonly clusterIP?: string;
    readonly ports?: readonly RawPort[];
    readonly ipFamilies?: readonly ('IPv4' | 'IPv6')[];
    readonly sessionAffinity?: 'None' | 'ClientIP';
    readonly sessionAffinityConfig?: { readonly clientIP?: { readonly timeoutSeconds?: number } };
    readonly publishNotReadyAddresses?: boolean;
  };
}

interface RawPort {
  readonly name?: string;
  readonly protocol?: ServicePort['protocol'];
  readonly port: number;
  readonly appProtocol?: string;
}

/**
 * `cluster` is the member it was watched in. A mirror of ours is never an export, whatever it is annotated with: it
 * would come back to where it came from. A Service that is being deleted is no longer exported.
 */
export function projectService(cluster: string, object: KubeObject): ServiceEntry {
  const { name, namespace = '', uid = '' } = object.metadata;
  if (isOwn(object)) return { kind: 'own', namespace, name, uid, object: keepOwn(object) };
  const wish = object.metadata.annotations?.[ANNOTATION.export] ?? 'false';
  if (wish === 'false' || object.metadata.deletionTimestamp !== undefined) return { kind: 'foreign', namespace, name, uid };
  return { kind: 'exported', namespace, name, uid, record: recordOf(cluster, object) };
}

function recordOf(cluster: string, object: RawService): ServiceRecord {
  const { metadata, spec = {} } = object;
  const seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds;
  return {
    cluster,
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    uid: metadata.uid ?? '',
    created: metadata.creationTimestamp ?? '',
    type: spec.type ?? 'ClusterIP',
    headless: spec.clusterIP === 'None',
    ports: (spec.ports ?? []).map(portOf),
    ipFamilies: spec.ipFamilies ?? [],
    sessionAffinity: spec.sessionAffinity ?? 'None',
    ...(seconds !== undefined && { sessionAffinitySeconds: seconds }),
    publishNotReadyAddresses: spec.publishNotReadyAddresses ?? false,
    annotations: ownAnnotations(metadata.annotations ?? {}),
  };
}

/** The API server has filled in the defaults of what it stores; older and other ones may not have. */
function portOf(port: RawPort): ServicePort {
  return {
    name: port.name ?? '',
    protocol: port.protocol ?? 'TCP',
    port: port.port,
    ...(port.appProtocol !== undefined && { appProtocol: port.appProtocol }),
  };
}

function ownAnnotations(annotations: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(annotations).filter(([key]) => key.startsWith(`${KILOFED_GROUP}/`)).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}
