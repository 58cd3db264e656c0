/**
 * One member as far as it imports a Service: what stands for it there, and what came of the last look.
 */
import { EXPORT_ANNOTATION } from '../../../core/api/exportNames.js';
import { LABEL, MCS_LABEL } from '../../../core/api/names.js';
import type { Complaint } from '../../../core/api/problem.js';
import type { KubeObject } from '../../../core/api/resources.js';
import type { EndpointFact, ImporterFacts, PathFact } from '../../../core/explain/facts.js';
import { importPolicy } from '../../../core/explain/importPolicy.js';
import { whyNotChosen } from '../../../core/explain/whyNotChosen.js';
import { isDerivedName } from '../../../core/services/names.js';
import { formatKey } from '../../controllers/keys.js';
import type { Outcome } from '../../controllers/outcomes.js';
import type { Member } from '../../members/member.js';
import { ownObject } from '../../records/existingObject.js';
import type { MemberRecords } from '../../records/memberRecords.js';
import { directedLinks } from '../directedLinks.js';
import { sourceEndpoints, standingEndpoints } from './endpointFacts.js';
import type { ExplainSources } from './explainSources.js';

/** Undefined: there is no such member. */
export function importerFacts(id: string, service: string, sources: ExplainSources): ImporterFacts | undefined {
  const { federation, outcomes } = sources;
  const member = federation.member(id);
  if (member === undefined) return undefined;
  const { records } = member;
  const [namespace = '', name = ''] = service.split('/');
  const outcome = outcomes.get(id, formatKey({ kind: 'service', service }));
  const standing = standingIn(records, service, outcome);
  const slices = records.mirrorsOf(service).slices.filter((slice) => isOf(slice, standing?.metadata.name) || isOf(slice, name));
  const own = records.slicesOf(service) ?? [];
  const stands = standing?.metadata.name ?? (own.length > 0 && slices.length > 0 ? name : undefined);
  const awaits = outcome?.reason ?? stateReason(member);
  return {
    cluster: id,
    ...(stands !== undefined && { service: stands }),
    derivedOnly: stands !== undefined && isDerivedName(stands) && stands !== name,
    addresses: addressesOf(standing),
    names: stands === undefined ? [] : [`${stands}.${namespace}`],
    ...choiceIn(records, service, [...standingEndpoints(member, slices, sources), ...sourceEndpoints(member, own)]),
    paths: pathsOf(id, service, sources),
    told: toldOf(member, service, sources, outcome),
    ...(awaits !== undefined && { awaits }),
  };
}

/** The mirror's Service: of several the one of the last outcome. */
function standingIn(records: MemberRecords, service: string, outcome: Outcome | undefined): KubeObject | undefined {
  const { services } = records.mirrorsOf(service);
  return services.find(({ metadata }) => metadata.name === outcome?.service) ?? services[0];
}

function isOf({ metadata }: KubeObject, service: string | undefined): boolean {
  return service !== undefined && metadata.labels?.[MCS_LABEL.kubeServiceName] === service;
}

function addressesOf(
  service: (KubeObject & { readonly spec?: { readonly clusterIPs?: readonly string[]; readonly clusterIP?: string } }) | undefined,
): string[] {
  const { clusterIPs, clusterIP } = service?.spec ?? {};
  return [...(clusterIPs ?? (clusterIP === undefined ? [] : [clusterIP]))];
}

function choiceIn(
  records: MemberRecords,
  service: string,
  endpoints: readonly EndpointFact[],
): Pick<ImporterFacts, 'policy' | 'endpoints'> {
  const choice = ownObject(records.imports().get(service))?.metadata.annotations?.[EXPORT_ANNOTATION.choice];
  const [namespace = ''] = service.split('/');
  return { policy: { ...consentOf(records, namespace), ...importPolicy(choice) }, endpoints: whyNotChosen(choice, endpoints) };
}

function consentOf(records: MemberRecords, namespace: string): Readonly<Record<string, string>> {
  const imports = records.namespace(namespace)?.consent.imports;
  return imports === undefined ? {} : { [LABEL.import]: typeof imports === 'string' ? imports : imports.join('_') };
}

function toldOf(member: Member, service: string, { federation }: ExplainSources, outcome: Outcome | undefined): Complaint[] {
  const state = stateOf(member);
  const isMeshless = member.synced() && member.records.facts() === undefined;
  return [
    ...(state === undefined ? [] : [state]),
    ...(isMeshless ? [noMesh(member.id)] : []),
    ...(outcome?.problems ?? []),
    ...(outcome?.awaits ?? []).map(({ problem }) => problem),
    ...(outcome?.elsewhere ?? []),
    ...federation.exportersOf(service).flatMap((id) => {
      const exporter = federation.known(id);
      return exporter !== undefined && id !== member.id && exporter.records.facts() === undefined ? [noMesh(id)] : [];
    }),
  ].map(({ reason, message, remedy }) => ({ reason, message, ...(remedy !== undefined && { remedy }) }));
}

function noMesh(id: string): Complaint {
  return { reason: 'NoMesh', message: `${id} has no usable Mesh named default`, remedy: `run there: kubectl describe mesh default` };
}

/** Why nothing can be written there now. */
function stateOf(member: Member): Complaint | undefined {
  const lease = member.lease();
  if (lease.kind === 'waiting')
    return { reason: 'AnotherHub', message: `the hub ${lease.holder} writes into ${member.id}, and this one waits` };
  const state = member.state();
  switch (state.kind) {
    case 'ready':
      return undefined;
    case 'connecting':
      return { reason: 'Connecting', message: `${member.id} is being connected: ${state.reason}` };
    case 'unreachable':
      return { reason: 'Unreachable', message: `the API server of ${member.id} does not answer the hub: ${state.reason}` };
    default:
      return { reason: 'Refused', message: `${member.id} is refused: ${state.reason}` };
  }
}

function stateReason(member: Member): string | undefined {
  return stateOf(member)?.message;
}

/** To all that export it. */
function pathsOf(id: string, service: string, sources: ExplainSources): PathFact[] {
  const others = sources.federation.exportersOf(service).filter((each) => each !== id);
  return others.flatMap((to) =>
    directedLinks(id, to, sources).map(({ from, to: toSegment, link }): PathFact => ({
      to,
      fromSegment: from,
      toSegment,
      state: link.state,
      ...(link.since !== undefined && { since: link.since }),
      ...(link.reason !== undefined && { reason: link.reason }),
      planes: link.planes.map(({ slot, node, peer, state, inUse, since, rttMilliseconds, reason }) => ({
        slot,
        node,
        peer,
        state,
        inUse,
        since,
        ...(rttMilliseconds !== undefined && { rttMilliseconds }),
        ...(reason !== undefined && { reason }),
      })),
    })),
  );
}
