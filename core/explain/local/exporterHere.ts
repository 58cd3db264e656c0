/**
 * The member itself as far as it exports a Service, by its own objects.
 */
import { EXPORT_ANNOTATION } from '../../api/exportNames.js';
import type { Complaint } from '../../api/problem.js';
import { isHubs } from '../../observed/ownership.js';
import { type ExportRequest, exportRequest } from '../../services/annotations.js';
import { exportPolicy } from '../exportPolicy.js';
import type { ExporterFacts } from '../facts.js';
import {
  addressesOf,
  complaintOf,
  conditionOf,
  endpointsOf,
  HERE,
  isBehind,
  type LocalObjects,
  type ServiceObject,
} from './localObjects.js';

export function exporterHere(objects: LocalObjects): ExporterFacts {
  const { namespaceObject, service, serviceExport } = objects;
  const { request, theirs } = askedHere(objects);
  const refusals = refusalsIn(objects);
  return {
    cluster: HERE,
    service: service === undefined ? 'none' : 'somebodys',
    namespace: namespaceObject === undefined ? 'absent' : 'present',
    ...byOf(request, { theirs, asked: request !== undefined || serviceExport !== undefined }),
    exported: service !== undefined && request?.exported !== false && serviceExport !== undefined && refusals.length === 0,
    ...(request?.targets !== undefined && { targets: request.targets }),
    ...shapeOf(service),
    ...sinceOf(objects),
    policy: policyOf(request, objects),
    ...endpointsHere(objects),
    told: [...refusals, ...(request?.complaints ?? [])],
  };
}

function askedHere({ service, serviceExport }: LocalObjects): { readonly request: ExportRequest | undefined; readonly theirs: boolean } {
  const theirs = serviceExport !== undefined && !isHubs('serviceExport', serviceExport);
  const asked = theirs ? { serviceExport: serviceExport.metadata.annotations ?? {} } : {};
  return { request: exportRequest(service?.metadata.annotations ?? {}, asked), theirs };
}

function policyOf(request: ExportRequest | undefined, { mesh }: LocalObjects): Readonly<Record<string, string>> {
  const mode = mesh?.spec.fromMembers;
  return { ...(request !== undefined && exportPolicy(request)), ...(mode !== undefined && { 'from members': mode }) };
}

function refusalsIn({ serviceExport }: LocalObjects): Complaint[] {
  return ['Valid', 'Ready'].flatMap((type) => {
    const condition = conditionOf(serviceExport, type);
    return condition?.status === 'False' && condition.reason !== 'Pending' ? [complaintOf(condition)] : [];
  });
}

function byOf(
  request: ExportRequest | undefined,
  { theirs, asked }: { readonly theirs: boolean; readonly asked: boolean },
): Pick<ExporterFacts, 'by'> {
  if (!asked) return {};
  if (theirs) return { by: 'a ServiceExport' };
  return { by: request === undefined ? 'its namespace' : `the annotation ${EXPORT_ANNOTATION.export}` };
}

function shapeOf(service: ServiceObject | undefined): Pick<ExporterFacts, 'type' | 'ports' | 'addresses'> {
  const { type, clusterIP, ports = [] } = service?.spec ?? {};
  return {
    ...(type !== undefined && { type: clusterIP === 'None' ? 'headless' : type }),
    ports: ports.map(({ name = '', protocol = 'TCP', port }) => ({ name, protocol, port })),
    addresses: addressesOf(service),
  };
}

function sinceOf({ serviceExport }: LocalObjects): Pick<ExporterFacts, 'since'> {
  const ready = conditionOf(serviceExport, 'Ready');
  return ready?.status === 'True' ? { since: ready.lastTransitionTime } : {};
}

function endpointsHere({ slices, name }: LocalObjects): Pick<ExporterFacts, 'slicePorts' | 'endpoints'> {
  const own = slices.filter((slice) => isBehind(slice, name) && !isHubs('endpointSlice', slice));
  return {
    slicePorts: own.flatMap(({ ports }) =>
      (ports ?? []).map(({ name: port, protocol }) => ({ name: port ?? '', protocol: protocol ?? 'TCP' })),
    ),
    endpoints: own.flatMap(endpointsOf).map((each) => ({ ...each, cluster: HERE })),
  };
}
