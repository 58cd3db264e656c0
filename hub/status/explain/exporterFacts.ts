/**
 * One member as far as it exports a Service, or asks to, or has one of the name.
 */
import { EXPORT_ANNOTATION } from '../../../core/api/exportNames.js';
import type { Complaint, Problem } from '../../../core/api/problem.js';
import type { Condition, KubeObject } from '../../../core/api/resources.js';
import type { ExporterFacts } from '../../../core/explain/facts.js';
import { exportPolicy } from '../../../core/explain/exportPolicy.js';
import { isAccepted } from '../../../core/explain/isAccepted.js';
import { ownSegments } from '../../../core/mesh/segments.js';
import type { ServiceRecord, SliceRecord } from '../../../core/services/model.js';
import { formatKey } from '../../controllers/keys.js';
import type { Member } from '../../members/member.js';
import type { ClusterFacts } from '../../records/admit/clusterFacts.js';
import { ownObject } from '../../records/existingObject.js';
import { sourceEndpoints } from './endpointFacts.js';
import type { ExplainSources } from './explainSources.js';

/** Undefined: nothing of the name is there, or the member was not read. */
export function exporterFacts(id: string, service: string, sources: ExplainSources): ExporterFacts | undefined {
  const { federation } = sources;
  const member = federation.known(id);
  if (member === undefined) return undefined;
  const { records } = member;
  const entry = records.services().get(service);
  const theirs = records.exports().get(service);
  if ((entry === undefined || entry.kind === 'own') && theirs?.own !== false) return undefined;
  const [namespace = ''] = service.split('/');
  const facts = records.facts();
  const record = entry?.kind === 'exported' ? entry.record : undefined;
  return {
    cluster: id,
    service: entry === undefined ? 'none' : entry.kind === 'own' ? 'mirror' : 'somebodys',
    namespace: records.namespace(namespace) === undefined ? 'absent' : 'present',
    ...byOf(record, theirs?.own === false),
    exported: record !== undefined && isAccepted(record) && federation.exportersOf(service).includes(id),
    ...ofRecord(record),
    ...readySince(ownObject(theirs)),
    policy: policyOf(record, facts),
    ...ofSlices(member, records.slicesOf(service)),
    ...ofMesh(id, record, facts),
    told: toldOf(member, service, sources),
  };
}

function ofRecord(record: ServiceRecord | undefined): Pick<ExporterFacts, 'targets' | 'type' | 'ports' | 'addresses'> {
  if (record === undefined) return { ports: [], addresses: [] };
  const { targets } = record.export;
  return {
    ...(targets !== undefined && { targets }),
    type: record.headless ? 'headless' : record.type,
    ports: record.ports,
    addresses: record.clusterIPs ?? [],
  };
}

function ofSlices(member: Member, slices: readonly SliceRecord[] | undefined): Pick<ExporterFacts, 'slicePorts' | 'endpoints'> {
  if (slices === undefined) return {};
  return { slicePorts: slices.flatMap(({ ports }) => ports), endpoints: sourceEndpoints(member, slices) };
}

function ofMesh(
  id: string,
  record: ServiceRecord | undefined,
  facts: ClusterFacts | undefined,
): Pick<ExporterFacts, 'hasGateway' | 'closed'> {
  if (facts === undefined) return {};
  const closed = record === undefined ? undefined : closedTo(id, record, facts);
  const hasGateway = ownSegments(facts.nodes, facts.mesh).segments.some(({ gateways }) => gateways.length > 0);
  return { hasGateway, ...(closed !== undefined && { closed }) };
}

function toldOf({ id, records }: Member, service: string, { federation, outcomes }: ExplainSources): Complaint[] {
  const denial =
    records.services().get(service)?.kind === 'exported' ? federation.exportRefusal(id, service.split('/')[0] ?? '') : undefined;
  const outcome = outcomes.get(id, formatKey({ kind: 'export', service }));
  return [
    ...(denial === undefined ? [] : [denial]),
    ...(records.waits(service) ? [NO_ROOM] : []),
    ...(outcome?.problems ?? []),
    ...(outcome?.awaits ?? []).map(({ problem }) => problem),
    ...records.problems().filter(({ subject }) => isAbout(subject, service)),
  ].map(({ reason, message, remedy }) => ({ reason, message, ...(remedy !== undefined && { remedy }) }));
}

const NO_ROOM: Complaint = {
  reason: 'TooManyServices',
  message: 'the member exports as many Services as the hub takes, so this one waits',
  remedy: 'remove exports that nobody uses',
};

function isAbout(subject: Problem['subject'], service: string): boolean {
  return (subject.kind === 'service' && subject.name === service) || (subject.kind === 'object' && subject.key === service);
}

function byOf(record: ServiceRecord | undefined, asksByObject: boolean): Pick<ExporterFacts, 'by'> {
  if (record === undefined) return asksByObject ? { by: 'a ServiceExport' } : {};
  const { byServiceExport, byNamespace } = record.export;
  if (byNamespace === true) return { by: 'its namespace' };
  return { by: byServiceExport === true ? 'a ServiceExport' : `the annotation ${EXPORT_ANNOTATION.export}` };
}

function policyOf(record: ServiceRecord | undefined, facts: ClusterFacts | undefined): Readonly<Record<string, string>> {
  const mode = facts?.mesh.fromMembers;
  return {
    ...(record === undefined ? {} : exportPolicy(record.export)),
    ...(record !== undefined &&
      mode !== undefined && { 'from members': facts?.mesh.fromMembersMode === 'audit' ? `${mode} (audit)` : mode }),
  };
}

/** Why packets of members are refused there (core/mesh/memberFilter.ts). */
function closedTo(id: string, record: ServiceRecord, facts: ClusterFacts): Complaint | undefined {
  if (facts.mesh.fromMembersMode === 'audit') return undefined;
  const { fromMembers, exportToDefault } = facts.mesh;
  if (fromMembers === 'none') {
    return {
      reason: 'NotLetIn',
      message: `the Mesh of ${id} lets no packet of other members in: spec.fromMembers is none`,
      remedy: 'run there: kubectl patch mesh default --type merge -p \'{"spec": {"fromMembers": "pods"}}\'',
    };
  }
  if (fromMembers !== 'exported' || exportToDefault !== 'none' || record.export.targets !== undefined) return undefined;
  return {
    reason: 'NotLetIn',
    message: `the Mesh of ${id} lets nobody reach an export that names no member: spec.exportToDefault is none`,
    remedy: `name the members in ${EXPORT_ANNOTATION.exportTo}, or let spec.exportToDefault of that Mesh be all`,
  };
}

interface Reported extends KubeObject {
  readonly status?: { readonly conditions?: readonly Condition[] };
}

function readySince(object: Reported | undefined): Pick<ExporterFacts, 'since'> {
  const ready = object?.status?.conditions?.find(({ type, status }) => type === 'Ready' && status === 'True');
  return ready === undefined ? {} : { since: ready.lastTransitionTime };
}
