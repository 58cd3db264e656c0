/**
 * What `/api/v1/status` says, from what is remembered: members, pairs, services, and what is wrong with them.
 */
import type { FederationProblem, FederationStatus } from '../../core/api/status.js';
import { ownSegments, siteName } from '../../core/mesh/segments.js';
import { exportRequest } from '../../core/services/annotations.js';
import type { QueueStats } from '../../core/workqueue/queue.js';
import type { SourceProblem } from '../members/declaration.js';
import type { Member } from '../members/member.js';
import type { ClusterFacts } from '../records/facts.js';
import type { Federation } from '../records/federation.js';
import { formatKey } from '../records/keys.js';
import type { Outcomes } from '../records/outcomes.js';

export interface StatusInput {
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly queueKind: 'memory' | 'redis';
  readonly queues: readonly QueueStats[];
  readonly federation: Federation;
  readonly outcomes: Outcomes;
  readonly sourceProblems: readonly SourceProblem[];
}

export function federationStatus(input: StatusInput): FederationStatus {
  const degraded = input.queues.find((queue) => queue.degraded !== undefined)?.degraded;
  const members = input.federation.ids().flatMap((id) => input.federation.member(id) ?? []);
  return {
    hub: {
      version: input.version,
      uptimeSeconds: input.uptimeSeconds,
      queue: { kind: input.queueKind, ...(degraded !== undefined && { degraded }) },
    },
    members: members.map(memberStatus),
    pairs: members.flatMap((from) => members.filter((to) => to !== from).map((to) => pairStatus(from, to, input.outcomes))),
    services: servicesOf(input),
    problems: problemsOf(input, members),
  };
}

function memberStatus(member: Member): FederationStatus['members'][number] {
  const state = member.state();
  const facts = member.records.facts();
  const server = member.server();
  const version = member.version();
  return {
    id: member.id,
    state: state.kind,
    ...('reason' in state && { reason: state.reason }),
    ...(server !== undefined && { server }),
    ...(version !== undefined && { kubernetesVersion: version }),
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
    ...(segment.name === `node:${segment.nodes[0]}` && { node: segment.nodes[0] }),
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

function pairStatus(from: Member, to: Member, outcomes: Outcomes): FederationStatus['pairs'][number] {
  const outcome = outcomes.get(to.id, formatKey({ kind: 'peers', source: from.id }));
  const state = outcome?.state ?? 'pending';
  const reason = outcome === undefined ? waitingFor(from, to) : outcome.reason;
  return {
    from: from.id,
    to: to.id,
    state: state === 'done' ? 'linked' : state,
    ...(reason !== undefined && { reason }),
    peers: outcome?.peers ?? 0,
  };
}

function waitingFor(from: Member, to: Member): string {
  for (const member of [to, from]) {
    const state = member.state();
    if (state.kind !== 'ready') return `${member.id} is ${state.kind}: ${state.reason}`;
  }
  return 'was not looked at yet';
}

function servicesOf({ federation, outcomes }: StatusInput): FederationStatus['services'] {
  return [...federation.exported().keys()].toSorted().flatMap((service) => {
    const [namespace = '', name = ''] = service.split('/');
    const exporters = federation.exportersOf(service).flatMap((id) => {
      const records = federation.known(id)?.records;
      const entry = records?.services().get(service);
      if (records === undefined || entry?.kind !== 'exported' || !exportRequest(entry.record.annotations).exported) return [];
      const endpoints = (records.slicesOf(service) ?? []).flatMap((slice) => slice.endpoints);
      return [{ cluster: id, endpoints: endpoints.length, ready: endpoints.filter((endpoint) => endpoint.ready !== false).length }];
    });
    if (exporters.length === 0) return [];
    const importers = federation.ids().flatMap((id) => {
      const outcome = outcomes.get(id, formatKey({ kind: 'service', service }));
      // The only exporter of a service has nothing to import of it.
      if (outcome === undefined || exporters.every(({ cluster }) => cluster === id)) return [];
      return [{
        cluster: id,
        state: outcome.state === 'done' ? ('mirrored' as const) : outcome.state,
        ...(outcome.service !== undefined && { service: outcome.service }),
        ...(outcome.reason !== undefined && { reason: outcome.reason }),
      }];
    });
    return [{ namespace, name, exporters, importers }];
  });
}

function problemsOf({ outcomes, sourceProblems }: StatusInput, members: readonly Member[]): FederationProblem[] {
  const all: FederationProblem[] = [
    ...sourceProblems.map(({ cluster, reason, message }) => ({ cluster, subject: 'member', reason, message })),
    ...members.flatMap((member): FederationProblem[] => {
      const state = member.state();
      const bad = state.kind === 'refused' || state.kind === 'unreachable';
      return [
        ...(bad ? [{ cluster: member.id, subject: 'member', reason: state.kind === 'refused' ? 'Refused' : 'Unreachable', message: state.reason }] : []),
        ...member.complaints().map(({ reason, message }) => ({ cluster: member.id, subject: 'member', reason, message })),
        ...(member.synced() ? member.records.problems().map((problem) => ({ cluster: member.id, ...problem })) : []),
      ];
    }),
    ...outcomes.problems(),
  ];
  const unique = new Map(all.map(({ cluster, subject, reason, message }) => [JSON.stringify([cluster, subject, reason, message]), { cluster, subject, reason, message }]));
  return [...unique].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, problem]) => problem);
}
