/**
 * Everything the hub remembers of one member: what the others need of it, what of ours is in it, and which names in it
 * are taken. Fed by the member's watches and by the answers to our own writes.
 */
import type { Mesh } from '../../core/api/mesh.js';
import type { MeshNode } from '../../core/api/meshNode.js';
import { ANNOTATION, LABEL, MCS_LABEL, MESH_NAME } from '../../core/api/names.js';
import { type KubeObject, objectKey } from '../../core/api/resources.js';
import type { SliceRecord } from '../../core/services/model.js';
import type { Change } from './change.js';
import { assembleFacts, type ClusterFacts, type FactsProblem, type Read, readMesh, readMeshNode } from './facts.js';
import { type Held, isOlder, projectHeld } from './held.js';
import { createIndexed, type Indexed } from './indexed.js';
import { type PeerEntry, projectPeer, samePeer } from './projectPeer.js';
import { projectService, type ServiceEntry } from './projectService.js';
import { projectSlice, type SliceEntry } from './projectSlice.js';
import { createSourceSlices } from './sourceSlices.js';

export type NamespacePhase = 'active' | 'terminating';

export type WatchedKind = 'mesh' | 'meshNode' | 'peer' | 'service' | 'endpointSlice' | 'namespace' | 'serviceExport' | 'serviceImport';

/** What one watch feeds: keeps `project` of each object and is told of every change, in order. */
export interface Feed<T = unknown> {
  project(object: KubeObject): T;
  changed(key: string, current: T | undefined, previous: T | undefined): void;
}

export interface MemberRecords {
  readonly id: string;
  readonly feeds: Readonly<Record<WatchedKind, Feed>>;
  /** An answer to a write of ours, which is ahead of the watch. */
  wrote(kind: WatchedKind, object: KubeObject): void;
  removed(kind: WatchedKind, object: KubeObject): void;
  /** The watch of EndpointSlices begins; Services must be known by then. */
  slicesStarted(): void;
  fillSlices(service: string, objects: readonly KubeObject[]): void;

  /** Undefined: no well-formed Mesh. */
  facts(): ClusterFacts | undefined;
  problems(): readonly FactsProblem[];
  /** Keyed `namespace/name`, as is everything below but Peers and namespaces. */
  services(): ReadonlyMap<string, ServiceEntry>;
  exported(): ReadonlySet<string>;
  /** Source slices of an exported Service, by name; undefined while some may be missing. */
  slicesOf(service: string): readonly SliceRecord[] | undefined;
  namespace(name: string): NamespacePhase | undefined;
  peers(): ReadonlyMap<string, Held>;
  /** Peers of ours that stand for a member. */
  peersOf(source: string): readonly KubeObject[];
  imports(): ReadonlyMap<string, Held>;
  exports(): ReadonlyMap<string, Held>;
  /** Objects of ours that mirror `service`. */
  mirrorsOf(service: string): { readonly services: readonly KubeObject[]; readonly slices: readonly KubeObject[] };
  /** Every Service of which there is a mirror. */
  mirrored(): ReadonlySet<string>;
  counts(): { readonly peers: number; readonly services: number; readonly slices: number };
}

export interface RecordsDeps {
  readonly changed: (change: Change) => void;
  /** A Service was exported whose slices were not kept until now: fetch them, then `fillSlices`. */
  readonly needSlices: (service: string) => void;
}

export function createMemberRecords(id: string, { changed: tell, needSlices }: RecordsDeps): MemberRecords {
  let quiet = false;
  const deps = {
    needSlices,
    changed(change: Change): void {
      if (!quiet) tell(change);
    },
  };
  let mesh: Read<Mesh> | undefined;
  let facts: ClusterFacts | undefined;
  const nodes = new Map<string, Read<MeshNode>>();
  const namespaces = new Map<string, NamespacePhase>();
  const services = new Map<string, ServiceEntry>();
  const exported = new Set<string>();
  const slices = createSourceSlices();
  const ownServices = createIndexed<KubeObject>();
  const ownSlices = createIndexed<KubeObject>();
  const peers = new Map<string, Held>();
  const ownPeers = createIndexed<KubeObject>();
  const peerProblems = new Map<string, FactsProblem>();
  const imports = new Map<string, Held>();
  const exports = new Map<string, Held>();

  function factsChanged(): void {
    const before = facts;
    const good = [...nodes.values()].flatMap((read) => (read.ok ? [read.value] : []));
    facts = mesh?.ok === true ? assembleFacts(mesh.value, good) : undefined;
    if (JSON.stringify(before) !== JSON.stringify(facts)) deps.changed({ kind: 'facts', before, after: facts });
  }

  function setService(key: string, entry: ServiceEntry | undefined): void {
    const before = services.get(key);
    setOrDelete(services, key, entry);
    setOwn(ownServices, key, entry?.kind === 'own' ? entry.object : undefined);
    const was = before?.kind === 'exported';
    const is = entry?.kind === 'exported';
    setExported(key, is);
    if (before !== undefined && entry !== undefined && sameToOthers(before, entry)) return;
    deps.changed({ kind: 'service', service: key, exported: was || is });
  }

  function setExported(key: string, is: boolean): void {
    if (exported.has(key) === is) return;
    if (!is) {
      exported.delete(key);
      slices.unfollow(key);
      return;
    }
    exported.add(key);
    if (slices.follow(key)) deps.needSlices(key);
  }

  function setOwn(index: Indexed<KubeObject>, key: string, object: KubeObject | undefined): void {
    const group = object === undefined ? undefined : mirroredBy(object);
    const before = index.set(key, object, group);
    for (const service of new Set([before, group])) {
      if (service !== undefined) deps.changed({ kind: 'mirror', service });
    }
  }

  function setSlice(key: string, entry: SliceEntry | undefined): void {
    setOwn(ownSlices, key, entry?.kind === 'own' ? entry.object : undefined);
    for (const service of slices.set(key, entry?.kind === 'source' ? entry.record : undefined)) deps.changed({ kind: 'slices', service });
  }

  function setPeer(name: string, held: Held | undefined): void {
    const before = peers.get(name);
    setOrDelete(peers, name, held);
    ownPeers.set(name, ownIn(held), sourceOf(held));
    if (before !== undefined && held !== undefined && samePeer(before, held)) return;
    if (before?.own === false || held?.own === false) deps.changed({ kind: 'foreignPeer' });
    for (const source of new Set([sourceOf(before), sourceOf(held)])) {
      if (source !== undefined) deps.changed({ kind: 'ownPeer', source });
    }
  }

  /** Who writes knows what he wrote. Peers are told all the same: who has which prefix matters to other members. */
  function quietly(kind: WatchedKind, change: () => void): void {
    quiet = kind !== 'peer';
    change();
    quiet = false;
  }

  const heldFeed = (map: Map<string, Held>, set: (key: string, held: Held | undefined) => void): Feed<Held> => ({
    project: projectHeld,
    changed: (key, current, previous) => {
      if (!isStale(ownIn(map.get(key)), ownIn(current), ownIn(previous))) set(key, current);
    },
  });
  const feeds = {
    mesh: {
      project: readMesh,
      changed(key, current) {
        if (key !== MESH_NAME) return;
        mesh = current;
        factsChanged();
      },
    } satisfies Feed<Read<Mesh>>,
    meshNode: {
      project: readMeshNode,
      changed(key, current) {
        setOrDelete(nodes, key, current);
        factsChanged();
      },
    } satisfies Feed<Read<MeshNode>>,
    namespace: {
      project: (object) => (object.metadata.deletionTimestamp === undefined ? 'active' : 'terminating'),
      changed(key, current, previous) {
        if (current === previous) return;
        setOrDelete(namespaces, key, current);
        deps.changed({ kind: 'namespace', namespace: key });
      },
    } satisfies Feed<NamespacePhase>,
    service: {
      project: (object) => projectService(id, object),
      changed(key, current, previous) {
        if (!isStale(ownService(services.get(key)), ownService(current), ownService(previous))) setService(key, current);
      },
    } satisfies Feed<ServiceEntry>,
    endpointSlice: {
      project: (object) => projectSlice(id, object, slices.follows),
      changed(key, current, previous) {
        if (!isStale(ownSlices.get(key), ownSlice(current), ownSlice(previous))) setSlice(key, current);
      },
    } satisfies Feed<SliceEntry>,
    peer: {
      project: projectPeer,
      changed(key, current, previous) {
        if (isStale(ownIn(peers.get(key)), ownIn(current?.held), ownIn(previous?.held))) return;
        setOrDelete(peerProblems, key, current?.problem);
        setPeer(key, current?.held);
      },
    } satisfies Feed<PeerEntry>,
    serviceImport: heldFeed(imports, (key, held) => {
      setOrDelete(imports, key, held);
      deps.changed({ kind: 'mirror', service: key });
    }),
    serviceExport: heldFeed(exports, (key, held) => {
      setOrDelete(exports, key, held);
      deps.changed({ kind: 'serviceExport', service: key });
    }),
  };

  return {
    id,
    feeds,
    wrote: (kind, object) => quietly(kind, () => {
      const feed = feeds[kind] as Feed;
      feed.changed(objectKey(object.metadata), feed.project(object), undefined);
    }),
    removed: (kind, object) => quietly(kind, () => (feeds[kind] as Feed).changed(objectKey(object.metadata), undefined, undefined)),
    slicesStarted: slices.started,
    fillSlices(service, objects) {
      slices.fill(service, objects.flatMap((object) => {
        const entry = projectSlice(id, object, (name) => name === service);
        return entry.kind === 'source' ? [[objectKey(object.metadata), entry.record] as const] : [];
      }));
      deps.changed({ kind: 'slices', service });
    },
    facts: () => facts,
    problems: () => [...(mesh === undefined ? [NO_MESH] : [mesh, ...nodes.values()].flatMap((read) => (read.ok ? [] : [read.problem]))), ...peerProblems.values()],
    services: () => services,
    exported: () => exported,
    slicesOf: (service) => (slices.complete(service) ? slices.of(service) : undefined),
    namespace: (name) => namespaces.get(name),
    peers: () => peers,
    peersOf: (source) => ownPeers.group(source),
    imports: () => imports,
    exports: () => exports,
    mirrorsOf: (service) => ({ services: ownServices.group(service), slices: ownSlices.group(service) }),
    mirrored: () => new Set([...ownServices.groups(), ...ownSlices.groups(), ...[...imports].flatMap(([key, held]) => (held.own ? [key] : []))]),
    counts: () => ({ peers: ownPeers.all().size, services: ownServices.all().size, slices: ownSlices.all().size }),
  };
}

const NO_MESH: FactsProblem = {
  subject: 'mesh',
  reason: 'NoMesh',
  message: 'the cluster has no Mesh "default", so its nodes cannot be registered elsewhere: apply one, as in examples/multicluster',
};

/** `namespace/name` of the Service an object of ours stands for. The namespace is the one it was found in, whatever it says. */
function mirroredBy(object: KubeObject): string | undefined {
  const { namespace, labels, annotations } = object.metadata;
  const name = labels?.[MCS_LABEL.serviceName] ?? annotations?.[ANNOTATION.source]?.split('/').at(-1);
  return namespace === undefined || name === undefined ? undefined : `${namespace}/${name}`;
}

/**
 * Whether the watch tells nothing newer than what a write of ours was answered with. A deletion carries no version: it
 * is stale when what the watch saw last was older than what is kept.
 */
function isStale(kept: KubeObject | undefined, current: KubeObject | undefined, previous: KubeObject | undefined): boolean {
  if (current === undefined) return isOlder(previous, kept);
  return isOlder(current, kept) || (current.metadata.resourceVersion !== undefined && current.metadata.resourceVersion === kept?.metadata.resourceVersion);
}

function sameToOthers(a: ServiceEntry, b: ServiceEntry): boolean {
  if (a.kind === 'exported' && b.kind === 'exported') return JSON.stringify(a.record) === JSON.stringify(b.record);
  return a.kind === 'foreign' && b.kind === 'foreign' && a.uid === b.uid;
}

function ownIn(held: Held | undefined): KubeObject | undefined {
  return held?.own === true ? held.object : undefined;
}

function ownService(entry: ServiceEntry | undefined): KubeObject | undefined {
  return entry?.kind === 'own' ? entry.object : undefined;
}

function ownSlice(entry: SliceEntry | undefined): KubeObject | undefined {
  return entry?.kind === 'own' ? entry.object : undefined;
}

function sourceOf(held: Held | undefined): string | undefined {
  return ownIn(held)?.metadata.labels?.[LABEL.cluster];
}

function setOrDelete<T>(map: Map<string, T>, key: string, value: T | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}
