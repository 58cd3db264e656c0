/**
 * A Service that importers reach by its ClusterIP (kilofed.io/endpoints: clusterip): one endpoint for each IP family, behind which
 * kube-proxy of the exporting cluster chooses a pod. Where that cannot be, its pods stand for it, and it is told.
 */
import { EXPORT_ANNOTATION } from '../api/exportNames.js';
import { ANNOTATION } from '../api/names.js';
import type { Complaint } from '../api/problem.js';
import { isWithin } from '../net/sets.js';
import type { Exporter } from './importParts.js';
import type { ServiceRecord, SliceEndpoint, SliceRecord } from './model.js';
import { isOfType } from './wellFormed.js';

/** Why its pods serve. Undefined: it does not ask, or it can be. `routed`: ranges of Services of its member that others may route. */
export function clusterIpRefusal(service: ServiceRecord, routed: readonly string[]): Complaint | undefined {
  if (service.export.endpoints !== 'clusterip') return undefined;
  const { cluster, headless, internalTrafficPolicy, clusterIPs = [] } = service;
  const refused = (reason: Complaint['reason'], why: string, remedy: string): Complaint => ({
    reason,
    message: `annotation ${EXPORT_ANNOTATION.endpoints} is "clusterip", but ${why}, so its pods serve`,
    remedy,
  });
  const otherwise = 'or remove the annotation';
  if (headless) return refused('ClusterIPUnusable', 'a headless Service has no ClusterIP', 'remove the annotation');
  if (internalTrafficPolicy === 'Local')
    return refused(
      'ClusterIPUnusable',
      'internalTrafficPolicy is Local: a gateway would reach only pods of its own node',
      `let internalTrafficPolicy be Cluster, ${otherwise}`,
    );
  if (clusterIPs.length === 0 || clusterIPs.some((address) => !isWithin(address, routed)))
    return refused(
      'ClusterIPNotRouted',
      `${clusterIPs.join(' and ') || 'it'} lies in no range of Services that is routed to ${cluster}`,
      `declare those ranges (${ANNOTATION.serviceCIDRs} beside the kubeconfig of ${cluster}), ${otherwise}`,
    );
  return undefined;
}

/** The exporter with what stands for it in `families`. */
export function byClusterIp(
  exporter: Exporter,
  families: readonly SliceRecord['addressType'][],
): { readonly exporter: Exporter; readonly notes: readonly string[] } {
  const { services, service, slices } = exporter;
  if (services === undefined) return { exporter, notes: [] };
  const { cluster, clusterIPs = [] } = service;
  const types = families.filter((family) => service.ipFamilies.includes(family));
  const addresses = types.map((type) => ({ type, address: clusterIPs.find((each) => isOfType(each, type)) }));
  const mirrored = addresses.flatMap(({ type, address }) =>
    address === undefined || !isWithin(address, services) ? [] : sliceOf(service, { type, address, of: slices }),
  );
  if (mirrored.length < types.length)
    return { exporter, notes: [`not every ClusterIP of ${cluster} is routed from here, so its pods serve: see the problems of its Peers`] };
  const { substitutes: _none, ...others } = exporter;
  return { exporter: { ...others, slices: mirrored, networks: services }, notes: [] };
}

/** With the Service's own ports. Its name in the mirror follows from `uid`, which no slice of Kubernetes' has. */
function sliceOf(
  { cluster, namespace, name, ports }: ServiceRecord,
  { type, address, of }: { readonly type: SliceRecord['addressType']; readonly address: string; readonly of: readonly SliceRecord[] },
): SliceRecord {
  const behind = of.filter(({ addressType }) => addressType === type).flatMap(({ endpoints }) => endpoints);
  return {
    cluster,
    namespace,
    name,
    uid: `ClusterIP ${type}`,
    service: name,
    addressType: type,
    ports,
    endpoints: [{ addresses: [address], ...conditionsOf(behind) }],
  };
}

/** As kube-proxy there does it: while none is ready, those serve that end. */
function conditionsOf(endpoints: readonly SliceEndpoint[]): Pick<SliceEndpoint, 'ready' | 'serving' | 'terminating'> {
  const ready = endpoints.some((each) => each.ready !== false);
  const ending = !ready && endpoints.some(({ serving, terminating }) => serving !== false && terminating === true);
  return { ready, serving: ready || ending, terminating: ending };
}
