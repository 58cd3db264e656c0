/**
 * Admission: what the hub believes of what a member says about its network. Everybody reads what comes out of here, nobody what goes in.
 *
 * A member writes its Mesh and MeshNodes itself, and its API server may answer anything. What is decided here concerns that member alone
 * and is the same for all others: ranges, mesh addresses, hosts to dial, and numbers. What depends on the member that is told, and on who
 * stands there already, is decided in hub/pairs. See docs/decisions/0023.
 */
import type { Mesh } from '../../../core/api/mesh.js';
import type { MeshSpec } from '../../../core/api/meshSpec.js';
import type { MeshNode } from '../../../core/api/meshNode.js';
import type { Problem } from '../../../core/api/problem.js';
import { segmentName, standsAlone } from '../../../core/mesh/segments.js';
import { formatCidr, parseCidr, sortCidrs } from '../../../core/net/cidr.js';
import { aggregate, aggregateCidrs } from '../../../core/net/sets.js';
import { createWhileSame } from '../../../core/memory/whileSame.js';
import type { ClusterFacts } from './clusterFacts.js';
import { admitHost } from './admitHost.js';
import { type AdmittedNode, admitNode } from './admitNode.js';
import { rangeRule, type RangeTerms } from './admitRange.js';
import { mayBeGateway } from './gateways.js';
import { admitServices } from './admitServices.js';
import { LIMIT, someOf } from './limits.js';
import { type Refusal, refusalProblems } from './refusalProblems.js';

export interface Admitted {
  readonly facts: ClusterFacts;
  readonly problems: readonly Problem[];
}

/** Admits what one member says. `nodes`: sorted by name; those that did not change are the same objects as before. */
export type Admission = (mesh: Mesh, nodes: readonly MeshNode[]) => Admitted;

export function createAdmission(terms: RangeTerms): Admission {
  const rule = rangeRule(terms);
  const declared = terms.allowed === undefined ? undefined : aggregate(terms.allowed);
  const aggregatePods = createAggregation();
  let known: { readonly ranges: string; readonly nodes: Map<string, Kept> } | undefined;

  return (mesh, reported) => {
    const { spec, status } = mesh;
    const refused: Refusal[] = [];
    const problems: Problem[] = [];
    const keepRange = (what: string): boolean => {
      const why = rule.source(parseCidr(what));
      if (why !== undefined) refused.push({ kind: 'range', what, why, of: 'its Mesh' });
      return why === undefined;
    };
    const meshCIDRs = sortCidrs(spec.wireguardCIDRs).filter(keepRange);
    const podsOfStatus = sortCidrs((status?.podCIDRs ?? []).slice(0, LIMIT.podCIDRs)).filter(keepRange);
    const services = sortCidrs([...(status?.serviceCIDRs ?? []), ...(spec.serviceCIDRs ?? [])]).slice(0, LIMIT.serviceCIDRs);
    if (terms.allowed !== undefined) services.forEach(keepRange);

    if (known?.ranges !== meshCIDRs.join()) known = { ranges: meshCIDRs.join(), nodes: new Map() };
    const { nodes: kept } = known;
    const meshRanges = meshCIDRs.map(parseCidr).filter((cidr) => cidr !== undefined);
    const context = { rule, meshRanges, isDeclared: terms.allowed !== undefined };
    const admit = (node: MeshNode): AdmittedNode | undefined => {
      const before = kept.get(node.metadata.name);
      if (before?.of === node) return before.admitted;
      const admitted = admitNode(node, context);
      kept.set(node.metadata.name, { of: node, admitted });
      return admitted;
    };
    if (kept.size > 2 * reported.length) kept.clear();
    if (reported.length > LIMIT.meshNodes) problems.push(tooManyMeshNodes(reported));
    const admitted = boundPods(
      reported.slice(0, LIMIT.meshNodes).flatMap((node) => admit(node) ?? []),
      problems,
    );
    for (const { node, refused: parts } of admitted) for (const part of parts) refused.push({ ...part, of: node.metadata.name });
    const nodes = boundNames(
      admitted.map(({ node }) => node),
      spec,
      problems,
    );
    boundSegments(nodes, spec, problems);
    const podCIDRs = aggregatePods(podsOfStatus, admitted);
    const routed = admitServices(terms.services ?? [], { rule, own: [...podCIDRs, ...meshCIDRs], nodes });
    refused.push(...routed.refused);
    return {
      facts: {
        mesh: spec,
        declared,
        podCIDRs,
        serviceCIDRs: services,
        routedServiceCIDRs: routed.ranges,
        meshCIDRs,
        nodes,
        nodeAddresses: new Set(admitted.flatMap(({ addresses }) => addresses)),
      },
      problems: [...problems, ...refusalProblems(refused, terms.place)],
    };
  };
}

/** What a node was found to be. A node is never changed in place: a new version is another object. */
interface Kept {
  readonly of: MeshNode;
  readonly admitted: AdmittedNode | undefined;
}

/** Aggregates the pod CIDRs of all nodes, anew only when one of them is another than the time before. */
function createAggregation(): (status: readonly string[], nodes: readonly AdmittedNode[]) => readonly string[] {
  const kept = createWhileSame<readonly string[]>();
  return (status, nodes) =>
    kept.get([status.join(), ...nodes.map(({ node }) => node.spec.podCIDRs.join())], () => {
      const cidrs = [...status.map(parseCidr).filter((cidr) => cidr !== undefined), ...nodes.flatMap(({ pods }) => pods)];
      return aggregateCidrs(cidrs).map(formatCidr);
    });
}

/** Nodes in name order keep their pod CIDRs until there are too many of them. */
function boundPods(admitted: readonly AdmittedNode[], problems: Problem[]): AdmittedNode[] {
  let count = 0;
  const without: string[] = [];
  const bounded = admitted.map((each) => {
    count += each.pods.length;
    if (count <= LIMIT.podCIDRs || each.pods.length === 0) return each;
    without.push(each.node.metadata.name);
    return { ...each, node: { ...each.node, spec: { ...each.node.spec, podCIDRs: [] } }, pods: [] };
  });
  if (without.length > 0)
    problems.push({
      subject: { kind: 'mesh' },
      reason: 'TooManyPodCIDRs',
      message: `its nodes have more than ${LIMIT.podCIDRs} pod CIDRs: those of ${someOf(without)} are left out`,
    });
  return bounded;
}

/** Gateways in name order keep their DNS names until there are too many different ones. Other nodes are not dialled by other members. */
function boundNames(nodes: readonly MeshNode[], mesh: MeshSpec, problems: Problem[]): MeshNode[] {
  const names = new Set<string>();
  const without: string[] = [];
  const bounded = nodes.map((node) => {
    if (!mayBeGateway(node, mesh)) return node;
    const endpoints = node.spec.endpoints.filter(({ host }) => {
      if (admitHost(host) !== 'name' || names.has(host)) return true;
      if (names.size < LIMIT.dnsNames) names.add(host);
      else without.push(host);
      return names.has(host);
    });
    return endpoints.length === node.spec.endpoints.length ? node : { ...node, spec: { ...node.spec, endpoints } };
  });
  if (without.length > 0)
    problems.push({
      subject: { kind: 'mesh' },
      reason: 'TooManyNames',
      message: `its gateways have more than ${LIMIT.dnsNames} DNS names as endpoints: ${someOf([...new Set(without)])} are left out`,
      remedy: 'give the others addresses as endpoints',
    });
  return bounded;
}

/** The segments are cut where they are registered. */
function boundSegments(nodes: readonly MeshNode[], { granularity }: MeshSpec, problems: Problem[]): void {
  const present = nodes.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const [locations, singleNodes] = [new Set<string>(), new Set<string>()];
  for (const node of present) (standsAlone(node, granularity) ? singleNodes : locations).add(segmentName(node, granularity));
  for (const [names, most] of [
    [locations, LIMIT.locations],
    [singleNodes, LIMIT.singleNodes],
  ] as const) {
    if (names.size <= most) continue;
    const list = someOf([...names].toSorted().slice(most));
    problems.push({
      subject: { kind: 'mesh' },
      reason: 'TooManySegments',
      message: `it has ${names.size} segments, and others take ${most} like these: ${list} are left out`,
      remedy: 'give nodes that reach each other without a tunnel one location; granularity location needs fewer than full and cross',
    });
  }
}

function tooManyMeshNodes(nodes: readonly MeshNode[]): Problem {
  const names = nodes.slice(LIMIT.meshNodes).map(({ metadata }) => metadata.name);
  return {
    subject: { kind: 'mesh' },
    reason: 'TooManyMeshNodes',
    message: `it has ${nodes.length} MeshNodes, and others take ${LIMIT.meshNodes}: ${someOf(names)} are left out`,
  };
}
