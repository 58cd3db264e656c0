/**
 * One member in the status: its state, and its network as the hub has admitted it.
 */
import type { FederationStatus } from '../../core/api/status.js';
import { ownSegments, siteName } from '../../core/mesh/segments.js';
import type { Federation } from '../federation/federation.js';
import type { Member } from '../members/member.js';
import type { ClusterFacts } from '../records/admit/clusterFacts.js';
import { drainStatus } from './drainStatus.js';

export function memberStatus(member: Member, federation: Federation): FederationStatus['members'][number] {
  const state = member.state();
  const facts = member.records.facts();
  const server = member.server();
  const version = member.version();
  const { shown } = member.clusterUid();
  const credentials = member.credentialsEnd();
  const { drained, cordoned, labels } = member.terms();
  return {
    id: member.id,
    state: state.kind,
    ...('reason' in state && { reason: state.reason }),
    ...(server !== undefined && { server }),
    ...(shown !== undefined && { clusterUid: shown }),
    ...(version !== undefined && { kubernetesVersion: version }),
    ...(drained && { drain: drainStatus(member.id, federation) }),
    ...(cordoned && { cordoned }),
    ...(labels !== undefined && { labels }),
    ...(credentials !== undefined && { credentials }),
    podCIDRs: [...(facts?.podCIDRs ?? [])],
    serviceCIDRs: [...(facts?.serviceCIDRs ?? [])],
    meshCIDRs: [...(facts?.meshCIDRs ?? [])],
    segments: facts === undefined ? [] : segmentsOf(facts),
    written: member.records.counts(),
  };
}

function segmentsOf(facts: ClusterFacts): FederationStatus['members'][number]['segments'] {
  const { granularity } = facts.mesh;
  const sites = new Map(facts.nodes.map((node) => [node.metadata.name, siteName(node, granularity)]));
  return ownSegments(facts.nodes, facts.mesh).segments.map((segment) => ({
    location: segment.location,
    ...(segment.node !== undefined && { node: segment.node }),
    ...(granularity === 'cross' && { site: sites.get(segment.nodes[0] ?? '') }),
    nodes: [...segment.nodes],
    allowedIPs: [...segment.allowedIPs],
    gateways: segment.gateways.map(({ slot, name, host, port, publicKey }) => ({
      slot,
      node: name,
      ...(host !== undefined && { endpoint: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}` }),
      publicKey,
    })),
  }));
}
