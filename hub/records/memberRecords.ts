/**
 * All that the hub remembers of one member: what other members need of it, our own objects in it, and which names are taken.
 * Fed by the member's watches and by the answers to our own writes.
 */
import type { Problem } from '../../core/api/problem.js';
import { type KubeObject, objectKey } from '../../core/api/resources.js';
import type { Clock } from '../../core/runtime/clock.js';
import type { Reports } from '../../core/links/segmentLinks.js';
import type { SliceRecord } from '../../core/services/model.js';
import type { RangeTerms } from './admit/admitRange.js';
import type { Change } from './change.js';
import { createExportRecords } from './exportRecords.js';
import type { ExistingExport } from './projectExport.js';
import { createClusterRecords } from './clusterRecords.js';
import { createCoalesced } from './coalesced.js';
import { checkedFeed } from './checkedFeed.js';
import { createInTurns } from './inTurns.js';
import { type ExistingObject, isStale, ownObject, projectExisting } from './existingObject.js';
import type { ClusterFacts } from './admit/clusterFacts.js';
import { type Feed, setOrDelete, type WatchedKind } from './feed.js';
import type { Kept } from './kept.js';
import { createLinkRecords } from './linkRecords.js';
import { createNamespaceRecords, type NamespaceRecord } from './namespaceRecords.js';
import { createObjectProblems, type ObjectProblems } from './objectProblems.js';
import type { Holdings } from './peerClaims.js';
import { createPeerRecords } from './peerRecords.js';
import type { ServiceEntry } from './projectService.js';
import { createServiceRecords } from './serviceRecords.js';

export interface MemberRecords {
  readonly id: string;
  readonly feeds: Readonly<Record<WatchedKind, Feed>>;
  /** Takes the answer to a write of ours, which is ahead of the watch. */
  wrote(kind: WatchedKind, object: KubeObject): void;
  removed(kind: WatchedKind, object: KubeObject): void;
  /** To be called when the watch of EndpointSlices starts, after the Services and ServiceExports are known. */
  slicesStarted(): void;
  /** False: too much happened since the fetch began, so fetch again. */
  fillSlices(service: string, objects: readonly unknown[]): boolean;

  /** What the hub's administrator declared for the member. */
  setTerms(terms: RangeTerms): void;
  /** Takes up at once what still waits for its batch. To be called after a complete list. */
  settle(): void;
  /** What is admitted of the member's network. Undefined: no well-formed Mesh. */
  facts(): ClusterFacts | undefined;
  problems(): readonly Problem[];
  /** Keyed by `namespace/name`, as all below except Peers and namespaces. */
  services(): ReadonlyMap<string, ServiceEntry>;
  exported(): ReadonlySet<string>;
  /** Whether a Service asks to be exported, and too many others did before it. What is mirrored of it elsewhere stays. */
  waits(service: string): boolean;
  /** Source slices of an exported Service, by name; undefined while some may be missing. */
  slicesOf(service: string): readonly SliceRecord[] | undefined;
  /** Endpoints of these, and how many are ready. */
  countOf(service: string): { readonly endpoints: number; readonly ready: number };
  namespace(name: string): NamespaceRecord | undefined;
  /** How many namespaces here the hub made for the exports of a member. */
  namespacesMadeFor(exporter: string): number;
  peers(): ReadonlyMap<string, ExistingObject>;
  /** Peers of ours that stand for a member. */
  peersOf(source: string): readonly KubeObject[];
  /** Every member that has Peers of ours here, whether it is known or not. */
  peerSources(): readonly string[];
  /** What stands here for a member. The same object while that does not change. */
  heldBy(source: string): Holdings;
  /** What people's Peers hold here. */
  heldByPeople(): Holdings;
  /** What its gateways report of tunnels to `member`. The same map while that does not change. */
  linksTo(member: string): Reports;
  /** Nodes that its own cluster has lost: nobody knows what they do. The same set while nothing of it changes. */
  lostNodes(): ReadonlySet<string>;
  /** Nodes that report on tunnels, sorted. */
  reporters(): readonly string[];
  imports(): ReadonlyMap<string, ExistingObject>;
  exports(): ReadonlyMap<string, ExistingExport>;
  /** Takes the answer to a write of the status of a person's ServiceExport. */
  reported(service: string, object: KubeObject): void;
  /** Objects of ours that mirror `service`. */
  mirrorsOf(service: string): { readonly services: readonly KubeObject[]; readonly slices: readonly KubeObject[] };
  /** A slice of somebody else has the name of one that mirrors `service`. */
  sliceTaken(key: string, service: string): void;
  /** How many endpoints of a Service that slices of ours have joined, and that is not ours, are ready. Undefined: not known yet. */
  readyBeside(service: string): number | undefined;
  /** When a slice of ours or of a followed Service was changed, by its key: milliseconds since 1970. Undefined: not known. */
  sliceChangedAt(key: string): number | undefined;
  /** Whether the slices of a Service are wanted. */
  follows(service: string): boolean;
  /** For how long a name still counts as freed just now, and not by the hub, milliseconds. 0: it does not. */
  freedMs(service: string): number;
  /** All services with a mirror here. */
  mirrored(): ReadonlySet<string>;
  counts(): { readonly peers: number; readonly services: number; readonly slices: number };
}

interface RecordsDeps {
  readonly clock: Pick<Clock, 'after' | 'now' | 'wall'>;
  readonly changed: (change: Change) => void;
  /** Called for a newly exported Service whose slices were passed over, and are not remembered: fetch them, then call `fillSlices`. */
  readonly needSlices: (service: string) => void;
  /** Whether every EndpointSlice that the member has was heard of. */
  readonly allSlicesHeard: () => boolean;
}

export function createMemberRecords(id: string, deps: RecordsDeps): MemberRecords {
  let quiet = false;
  const changed = (change: Change): void => {
    if (!quiet) deps.changed(change);
  };
  const seldom = createCoalesced<Change>({ clock: deps.clock, tell: changed });
  const problems = createObjectProblems();
  const exports = createExportRecords({
    problems,
    changed: (key) => changed({ kind: 'serviceExport', service: key }),
    askChanged: (key) => services.askChanged(key),
  });
  const services = createServiceRecords(id, {
    ...deps,
    isAnswer: () => quiet,
    changed,
    asked: exports.asked,
    askedByNamespace: (namespace) => namespaces.all.get(namespace)?.exports,
    problems,
  });
  const peers = createPeerRecords((change) => seldom('source' in change ? `peer ${change.source}` : change.kind, change), problems);
  const imports = createImportRecords(problems, (key) => changed({ kind: 'mirror', service: key }));
  let read = false;
  const askInTurns = createInTurns({ clock: deps.clock, each: (service) => services.askChanged(service) });
  /** What is exported has to be known when the slices are read, and is looked at in turns from then on. */
  const exportAgain = createCoalesced<string>({
    clock: deps.clock,
    tell: (namespace) => (read ? askInTurns(services.namesIn(namespace)) : services.namesIn(namespace).forEach(services.askChanged)),
  });
  const namespaces = createNamespaceRecords({
    problems,
    changed: (namespace) => seldom(`namespace ${namespace}`, { kind: 'namespace', namespace }),
    exportsChanged: (namespace) => exportAgain(namespace, namespace),
  });
  const links = createLinkRecords((to) => seldom(`links ${to}`, { kind: 'links', to }), problems);
  const cluster = createClusterRecords({ clock: deps.clock, changed, lostChanged: links.reconsider });
  const feeds = {
    ...cluster.feeds,
    gatewayReport: links.feed,
    ...services.feeds,
    peer: peers.feed,
    namespace: namespaces.feed,
    serviceImport: imports.feed,
    serviceExport: exports.feed,
  };

  /** Our own writes are no news to their writer. Peers are reported all the same: who holds a prefix matters to others. */
  function quietly(kind: WatchedKind, change: (feed: Feed) => void): void {
    quiet = kind !== 'peer';
    try {
      change(feeds[kind]);
    } finally {
      quiet = false;
    }
  }

  /** A person's ServiceExport says whether there is a Service of its name, and that it is none to be exported. */
  function toldInExport(kind: WatchedKind, key: string): void {
    if (kind === 'service' && exports.asked(key) !== undefined) changed({ kind: 'serviceExport', service: key });
  }

  return {
    id,
    feeds,
    wrote(kind, object) {
      const key = objectKey(object.metadata);
      quietly(kind, (feed) => feed.changed(key, feed.project(object), undefined));
      toldInExport(kind, key);
    },
    removed(kind, object) {
      const key = objectKey(object.metadata);
      // Whoever has its name since, the watch has told of already.
      const known = kind === 'service' ? services.all().get(key) : undefined;
      if (known !== undefined && known.kind !== 'own') return;
      quietly(kind, (feed) => feed.changed(key, undefined, undefined));
      toldInExport(kind, key);
    },
    // What has a ServiceExport was exported when the hub ran last.
    slicesStarted() {
      read = true;
      services.slicesStarted((service) => exports.all.has(service));
    },
    fillSlices: services.fillSlices,
    setTerms: cluster.setTerms,
    settle: cluster.settle,
    facts: cluster.facts,
    problems: () => [...cluster.problems(), ...services.surplus(), ...problems.list()],
    services: services.all,
    exported: services.exported,
    waits: services.waits,
    slicesOf: services.slicesOf,
    countOf: services.countOf,
    namespace: (name) => namespaces.all.get(name),
    namespacesMadeFor: namespaces.madeFor,
    peers: peers.all,
    peersOf: peers.of,
    peerSources: peers.sources,
    heldBy: peers.heldBy,
    heldByPeople: peers.heldByPeople,
    linksTo: links.of,
    lostNodes: cluster.lostNodes,
    reporters: links.reporters,
    imports: () => imports.all,
    exports: () => exports.all,
    reported: exports.reported,
    mirrorsOf: services.mirrorsOf,
    sliceTaken: services.sliceTaken,
    readyBeside: services.readyBeside,
    sliceChangedAt: services.sliceChangedAt,
    follows: services.follows,
    freedMs: services.freedMs,
    mirrored: () => new Set([...services.mirrored(), ...[...imports.all].flatMap(([key, existing]) => (existing.own ? [key] : []))]),
    counts: () => ({ peers: peers.ownCount(), ...services.ownCounts() }),
  };
}

/** Ours in full, of others only the names. */
function createImportRecords(
  problems: ObjectProblems,
  changed: (key: string) => void,
): { readonly feed: Feed<Kept<ExistingObject>>; readonly all: ReadonlyMap<string, ExistingObject> } {
  const all = new Map<string, ExistingObject>();
  return {
    all,
    feed: checkedFeed('serviceImport', problems, {
      project: (object) => projectExisting('serviceImport', object),
      isStale: (key, current, previous) => isStale(ownObject(all.get(key)), ownObject(current), ownObject(previous)),
      changed(key, current) {
        setOrDelete(all, key, current);
        changed(key);
      },
    }),
  };
}
