/**
 * The cluster-agent's view of its cluster: reflectors, whose stores become the planner's input once each has a complete list.
 */
import type { Result } from '../core/runtime/result.js';
import { isDeepStrictEqual } from 'node:util';
import type { AssignedPods, MeshNode } from '../core/api/meshNode.js';
import type { Mesh } from '../core/api/mesh.js';
import { DEFAULT_NAMESPACE, HUB_LEASE, MESH_NAME } from '../core/api/names.js';
import { type KubeObject, type Resource, RESOURCE } from '../core/api/resources.js';
import type { Clock, Random } from '../core/runtime/clock.js';
import type { Log } from '../core/runtime/log.js';
import type { KubeClient } from '../kube/wire/client.js';
import { createReflector, type Reflector } from '../kube/wire/reflector.js';
import type { ReportedLink } from '../core/api/gatewayReport.js';
import type { NodePolicy } from '../core/api/nodePolicy.js';
import { type CalicoBlock, calicoBlock } from '../core/ipam/calicoBlock.js';
import { ciliumRanges } from '../core/ipam/ciliumNode.js';
import type { NamespaceExport } from '../core/services/namespaceExport.js';
import { type ExportedService, exportedServices } from './exportedServices.js';
import { type LocalSlice, namespaceFacts, serviceExportFacts, type ServiceFacts, serviceFacts, sliceFacts } from './exportFacts.js';
import {
  checkMesh,
  checkMeshNode,
  checkNodePolicy,
  checkReport,
  nodeFacts,
  type NodeFacts,
  peerFacts,
  type PeerFacts,
  serviceRanges,
} from './facts.js';
import type { ServiceRanges } from './findings.js';
import type { LinksInput } from './planLinks.js';
import { goodPeers } from './planPeers.js';
import type { ClusterInput } from './planCluster.js';
import type { ExportsInput } from './planExports.js';
import type { LocalReady } from './planReadiness.js';
import { assignPods, type PodAssignment } from './podRanges/assignPods.js';

interface Observer {
  observe(): Observation;
  observeExports(): ExportsObservation;
  /** Undefined: not all of it has been read yet. */
  observeLinks(): LinksInput | undefined;
  /** Ready endpoints of this cluster's own of a Service, `namespace/name`. Undefined: not all of them have been read yet. */
  localReady(service: string): LocalReady | undefined;
  /** Which watch fails, and why; undefined: none does. */
  failing(): string | undefined;
  run(signal: AbortSignal): Promise<void>;
}

export type Observed = Omit<ClusterInput, 'outcomeOf' | 'exportProblems' | 'links'>;

type Observation =
  | { readonly kind: 'cluster'; readonly input: Observed }
  /** What is missing, and what to do about it. Objects that are not known yet must not look deleted. */
  | { readonly kind: 'waiting'; readonly reason: string };

type ExportsObservation =
  | {
      readonly kind: 'exports';
      readonly input: ExportsInput;
      readonly nodes: readonly NodeFacts[];
      readonly policies: ReadonlyMap<string, NodePolicy>;
    }
  | { readonly kind: 'waiting' }
  /** Which resource cannot be read, and why. */
  | { readonly kind: 'unreadable'; readonly reason: string };

interface ObserverDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** The plan may have changed. */
  onChange(): void;
  /** What other members may reach may have changed. */
  onExportsChange(): void;
  /** What is known of links may have changed. */
  onLinksChange(): void;
  /** Endpoints of a Service, `namespace/name`, have become ready, or are not any more. */
  onLocalReady(service: string): void;
  /** The hub's Lease, as it was read; undefined: there is none. */
  onHubLease(lease: KubeObject | undefined): void;
  /** Whether changes of it are heard of now. */
  onHubHeard(is: boolean): void;
}

/** What of a MeshNode decides what may be reached on it. */
function placeOf(node: MeshNode | undefined): Pick<NonNullable<MeshNode['status']>, 'meshAddresses' | 'slot'> {
  return { meshAddresses: node?.status?.meshAddresses ?? [], slot: node?.status?.slot };
}

/** Links that are kept of all reports together, and of each report if these are very many. */
const MOST_KEPT = 100_000;
const LEAST_KEPT = 128;

export function createObserver(deps: ObserverDeps): Observer {
  const { client, log, onChange, onExportsChange, onLinksChange, onLocalReady } = deps;
  const follow = <T>(
    resource: Resource,
    project: (object: KubeObject) => T | undefined,
    changed: (current: T | undefined, previous: T | undefined) => void = onChange,
  ): Reflector<T> =>
    createReflector<T>(
      {
        client,
        resource,
        project,
        onChange(_key, current, previous) {
          // A Node's heartbeat changes nothing that is kept.
          if (!isDeepStrictEqual(current, previous)) changed(current, previous);
        },
        onSynced: () => changed(undefined, undefined),
        onState: () => changed(undefined, undefined),
      },
      deps,
    );
  /** Which ranges pods have, until something changes that decides it. */
  let assigned: ReadonlyMap<string, PodAssignment> | undefined;
  const planAndLinks = (): void => {
    onChange();
    onLinksChange();
  };
  const all = (): void => {
    assigned = undefined;
    planAndLinks();
    onExportsChange();
  };
  const keep =
    <T>(check: (object: KubeObject) => Result<T>) =>
    (object: KubeObject): T | undefined => {
      const checked = check(object);
      if (checked.ok) return checked.value;
      log.warn('An object is not valid and is ignored until it is corrected', {
        kind: object.kind,
        name: object.metadata.name,
        reason: checked.error,
      });
      return undefined;
    };
  const meshes = follow<Mesh>(RESOURCE.mesh, keep(checkMesh), all);
  const meshNodes = follow<MeshNode>(RESOURCE.meshNode, keep(checkMeshNode), (current, previous) => {
    if (!isDeepStrictEqual(current?.status?.assignedPods, previous?.status?.assignedPods)) assigned = undefined;
    planAndLinks();
    if (current === undefined || !isDeepStrictEqual(placeOf(current), placeOf(previous))) onExportsChange();
  });
  const nodes = follow<NodeFacts>(RESOURCE.node, nodeFacts, all);
  const ranges = follow<readonly string[]>(RESOURCE.serviceCIDR, serviceRanges);
  const pods = (): void => {
    assigned = undefined;
    onChange();
    onExportsChange();
  };
  // A block changes with each pod, and most changes change nothing that is kept.
  const blocks = follow<CalicoBlock>(RESOURCE.calicoBlock, calicoBlock, pods);
  const blocksV3 = follow<CalicoBlock>(RESOURCE.calicoBlockV3, calicoBlock, pods);
  const ciliumNodes = follow<readonly string[]>(RESOURCE.ciliumNode, ciliumRanges, pods);
  const plugins = { ipamblocks: blocks, 'ipamblocks of projectcalico.org/v3': blocksV3, ciliumnodes: ciliumNodes };
  const podsNow = (mesh: Mesh): ReadonlyMap<string, PodAssignment> =>
    (assigned ??= assignPods({
      mesh: mesh.spec,
      nodes: [...nodes.store.values()],
      calico: isReadable(blocks) && isReadable(blocksV3) ? [...new Map([...blocks.store, ...blocksV3.store]).values()] : undefined,
      cilium: isReadable(ciliumNodes) ? ciliumNodes.store : undefined,
      before: new Map(
        [...meshNodes.store.values()].flatMap(({ metadata, status }): [string, AssignedPods][] =>
          status?.assignedPods === undefined ? [] : [[metadata.name, status.assignedPods]],
        ),
      ),
    }));
  /** Which Services are exported, until something changes that decides it. */
  let exported: ReadonlyMap<string, ExportedService> | undefined;
  const exportsAsked = (): void => {
    exported = undefined;
    onExportsChange();
  };
  const services = follow<ServiceFacts>(RESOURCE.service, serviceFacts, exportsAsked);
  const serviceExports = follow<Readonly<Record<string, string>>>(RESOURCE.serviceExport, serviceExportFacts, exportsAsked);
  const namespaces = follow<NamespaceExport>(RESOURCE.namespace, namespaceFacts, exportsAsked);
  const exportedNow = (): ReadonlyMap<string, ExportedService> => {
    const asks = { services: services.store.values(), serviceExports: serviceExports.store, namespaces: namespaces.store };
    return (exported ??= new Map(exportedServices(asks).map((each) => [each.key, each])));
  };
  const slices = follow<LocalSlice>(RESOURCE.endpointSlice, sliceFacts, (current, previous) => {
    const service = (current ?? previous)?.service;
    if (service !== undefined && current?.ready !== previous?.ready) onLocalReady(service);
    // Most changes are of Services that are not exported.
    if (service !== undefined && !exportedNow().has(service)) return;
    if (service === undefined || !isDeepStrictEqual(reachableIn(current), reachableIn(previous))) onExportsChange();
  });
  const policies = follow<NodePolicy>(RESOURCE.nodePolicy, keep(checkNodePolicy), onExportsChange);
  const peers = follow<PeerFacts>(RESOURCE.peer, peerFacts, planAndLinks);
  const reports = follow<readonly ReportedLink[]>(
    RESOURCE.gatewayReport,
    keep((object) => checkReport(object, mostLinks())),
    onLinksChange,
  );
  // Where each node is a segment, all of them report on all others.
  const mostLinks = (): number => Math.max(LEAST_KEPT, Math.floor(MOST_KEPT / Math.max(1, nodes.store.size, reports.store.size)));
  const leases = createReflector<KubeObject>(
    {
      client,
      resource: RESOURCE.lease,
      namespace: DEFAULT_NAMESPACE,
      fieldSelector: `metadata.name=${HUB_LEASE}`,
      project: (object) => object,
      onChange: (_key, current) => deps.onHubLease(current),
      onState: ({ kind }) => deps.onHubHeard(kind === 'live'),
    },
    deps,
  );
  const needed = { meshes, meshnodes: meshNodes, nodes };
  const exports = { services, namespaces, serviceexports: serviceExports, endpointslices: slices, nodepolicies: policies };
  /** A cluster without the kind has no ServiceExports. */
  const isUnread = (reflector: Reflector<unknown>): boolean =>
    !reflector.synced() && !(reflector === serviceExports && reflector.state().failure?.kind === 'notFound');

  return {
    observe() {
      const missing = Object.entries(needed).find(([, reflector]) => !reflector.synced());
      if (missing !== undefined) {
        const failure = missing[1].state().failure;
        return {
          kind: 'waiting',
          reason: failure === undefined ? `reading ${missing[0]}` : `cannot read ${missing[0]}: ${failure.message}`,
        };
      }
      const known = rangesFrom(ranges);
      if (known === undefined) return { kind: 'waiting', reason: 'reading servicecidrs' };
      const asked = Object.entries(plugins).find(([, reflector]) => !hasAnswered(reflector));
      if (asked !== undefined) return { kind: 'waiting', reason: `reading ${asked[0]}` };
      const mesh = meshes.store.get(MESH_NAME);
      if (mesh === undefined) {
        return {
          kind: 'waiting',
          reason: `there is no Mesh named ${MESH_NAME}: apply one, such as examples/multicluster/01-mesh-east.yaml`,
        };
      }
      return {
        kind: 'cluster',
        input: {
          mesh,
          nodes: [...nodes.store.values()],
          meshNodes: [...meshNodes.store.values()],
          peers: peers.synced() ? [...peers.store.values()] : [],
          services: known,
          pods: podsNow(mesh),
        },
      };
    },
    observeExports() {
      const unread = Object.entries(exports).find(([, reflector]) => isUnread(reflector));
      const failure = unread?.[1].state().failure;
      if (unread !== undefined && failure !== undefined) return { kind: 'unreadable', reason: `${unread[0]}: ${failure.message}` };
      const mesh = meshes.store.get(MESH_NAME);
      if (unread !== undefined || mesh === undefined || !nodes.synced() || !meshNodes.synced()) return { kind: 'waiting' };
      if (!Object.values(plugins).every(hasAnswered)) return { kind: 'waiting' };
      const assignments = podsNow(mesh);
      return {
        kind: 'exports',
        input: {
          mesh: mesh.spec,
          nodes: [...nodes.store.values()].map((node) => ({
            ...node,
            podCIDRs: assignments.get(node.name)?.assigned?.cidrs ?? node.podCIDRs,
          })),
          // Where every node is a segment, each is its own gateway, and no slot is assigned.
          gateways: [...meshNodes.store.values()]
            .filter(({ status }) => mesh.spec.granularity !== 'location' || status?.slot !== undefined)
            .map(({ metadata }) => metadata.name),
          meshAddresses: new Map([...meshNodes.store.values()].map(({ metadata, status }) => [metadata.name, status?.meshAddresses ?? []])),
          services: [...exportedNow().values()],
          slices: [...slices.store.values()],
        },
        nodes: [...nodes.store.values()],
        policies: policies.store,
      };
    },
    observeLinks() {
      const mesh = meshes.store.get(MESH_NAME);
      if (mesh === undefined || ![meshNodes, nodes, peers].every((each) => each.synced())) return undefined;
      // Where they cannot be read, as with manifests that are older than this program, nobody reports anything.
      if (!reports.synced() && reports.state().failure === undefined) return undefined;
      return {
        mesh,
        meshNodes: [...meshNodes.store.values()],
        peers: goodPeers([...peers.store.values()]),
        reports: reports.store,
        lost: new Set([...nodes.store.values()].filter(({ lost }) => lost).map(({ name }) => name)),
      };
    },
    localReady(service) {
      if (!slices.synced()) return undefined;
      const ready: Record<string, number> = {};
      for (const each of slices.store.values())
        if (each.service === service) ready[each.addressType] = (ready[each.addressType] ?? 0) + each.ready;
      return ready;
    },
    failing() {
      const broken = Object.entries(needed).find(([, reflector]) => reflector.state().kind === 'failing');
      return broken === undefined ? undefined : `cannot follow ${broken[0]}: ${broken[1].state().failure?.message ?? 'no answer'}`;
    },
    async run(signal) {
      await Promise.all(
        [meshes, meshNodes, nodes, ranges, peers, reports, leases, ...Object.values(exports), ...Object.values(plugins)].map((each) =>
          each.run(signal),
        ),
      );
    },
  };
}

/** All that decides who may reach what. */
function reachableIn(slice: LocalSlice | undefined): Partial<LocalSlice> {
  const { ready: _ready, ...others } = slice ?? {};
  return others;
}

function hasAnswered(reflector: Reflector<unknown>): boolean {
  return reflector.synced() || reflector.state().failure !== undefined;
}

/** A cluster without the kind has none of them. What was read once is known, whatever became of the watch. */
function isReadable(reflector: Reflector<unknown>): boolean {
  return reflector.synced() || reflector.state().failure?.kind === 'notFound';
}

/** Undefined: has not answered yet. */
function rangesFrom(services: Reflector<readonly string[]>): ServiceRanges | undefined {
  if (services.synced()) return { kind: 'known', ranges: [...services.store.values()].flat() };
  const { failure } = services.state();
  if (failure === undefined) return undefined;
  return failure.kind === 'notFound' ? { kind: 'unsupported' } : { kind: 'unavailable', reason: failure.message };
}
