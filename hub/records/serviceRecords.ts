/**
 * The Services and EndpointSlices of a member: what it exports, our mirrors of other members' exports, and which names are
 * taken.
 */
import { ANNOTATION, MCS_LABEL } from '../../core/api/names.js';
import type { KubeObject } from '../../core/api/resources.js';
import type { Clock } from '../../core/runtime/clock.js';
import type { Complaint, Problem } from '../../core/api/problem.js';
import { BOUND } from '../../core/services/bounds.js';
import type { SliceRecord } from '../../core/services/model.js';
import type { NamespaceExport } from '../../core/services/namespaceExport.js';
import type { ServiceExportAsk } from '../../core/services/observedExport.js';
import type { Change } from './change.js';
import { isStale } from './existingObject.js';
import { checkedFeed } from './checkedFeed.js';
import { type Feed, setOrDelete } from './feed.js';
import { createFreedNames } from './freedNames.js';
import { createPlaces } from './places.js';
import { createIndexed, type Indexed } from './indexed.js';
import type { Kept } from './kept.js';
import type { ObjectProblems } from './objectProblems.js';
import { createPassedSlices } from './passedSlices.js';
import { exportedAs, projectService, type ServiceEntry } from './projectService.js';
import { projectSlice, type SliceEntry } from './projectSlice.js';
import { createSourceSlices } from './sourceSlices.js';
import { changedAt } from './changedAt.js';

/** Services are named `namespace/name`. */
interface ServiceRecords {
  readonly feeds: { readonly service: Feed<Kept<ServiceEntry>>; readonly endpointSlice: Feed<Kept<SliceEntry>> };
  all(): ReadonlyMap<string, ServiceEntry>;
  exported(): ReadonlySet<string>;
  /** Whether a Service asks to be exported, and too many others did before it. */
  waits(service: string): boolean;
  /** Source slices of an exported Service, by name; undefined while some may be missing. */
  slicesOf(service: string): readonly SliceRecord[] | undefined;
  /** Endpoints of these, and how many are ready. */
  countOf(service: string): { readonly endpoints: number; readonly ready: number };
  /** Objects of ours that mirror `service`. */
  mirrorsOf(service: string): { readonly services: readonly KubeObject[]; readonly slices: readonly KubeObject[] };
  /** How many endpoints of a Service that slices of ours have joined, and that is not ours, are ready. Undefined: not known yet. */
  readyBeside(service: string): number | undefined;
  /** When a slice of ours or of a followed Service was changed, by its key: milliseconds since 1970. Undefined: not known. */
  sliceChangedAt(key: string): number | undefined;
  /** Whether the slices of a Service are wanted. */
  follows(service: string): boolean;
  /** For how long a name still counts as freed just now, milliseconds. 0: it does not. */
  freedMs(service: string): number;
  /** What else asks for the export of a Service has changed. */
  askChanged(service: string): void;
  /** Services of a namespace that are not ours, sorted. */
  namesIn(namespace: string): readonly string[];
  /** All services with a Service or slice of ours, or with a Service that has our label still. */
  mirrored(): readonly string[];
  /**
   * To be called when the watch of EndpointSlices starts, after the Services are known. If too many of them ask to be exported, those
   * that `wasExported` come before others.
   */
  slicesStarted(wasExported: (service: string) => boolean): void;
  /** The answer to `needSlices`. False: too much happened meanwhile, so fetch again. */
  fillSlices(service: string, objects: readonly unknown[]): boolean;
  /** A slice of somebody else has the name of one that mirrors `service`: when it has gone, the mirror has changed. */
  sliceTaken(key: string, service: string): void;
  /** What is left out for its number. */
  surplus(): readonly Problem[];
  ownCounts(): { readonly services: number; readonly slices: number };
}

interface ServiceRecordsDeps {
  readonly clock: Pick<Clock, 'now' | 'wall'>;
  /** Whether what changes now is what the hub itself wrote. */
  readonly isAnswer: () => boolean;
  readonly changed: (change: Change) => void;
  /** What a person's ServiceExport asks for a Service. */
  readonly asked: (service: string) => ServiceExportAsk | undefined;
  /** What a namespace asks for its Services. */
  readonly askedByNamespace: (namespace: string) => NamespaceExport | undefined;
  /** Called for a newly exported Service whose slices were passed over, and are not remembered. */
  readonly needSlices: (service: string) => void;
  /** Whether every EndpointSlice that the member has was heard of. */
  readonly allSlicesHeard: () => boolean;
  readonly problems: ObjectProblems;
}

export function createServiceRecords(cluster: string, deps: ServiceRecordsDeps): ServiceRecords {
  const { changed, needSlices, problems } = deps;
  const services = new Map<string, ServiceEntry>();
  const exports = createPlaces({ all: BOUND.exports, group: BOUND.exportsOfNamespace });
  const slices = createSourceSlices();
  const passed = createPassedSlices();
  /** The object of the event that comes next: what is kept of it is not the object. */
  let passing: unknown;
  /** When what comes next was changed. */
  const dated = (entry: unknown): { readonly at?: number } => {
    const at = entry === undefined ? undefined : changedAt(passing);
    return at === undefined ? {} : { at };
  };
  let live = false;
  const ownServices = createIndexed<KubeObject>();
  const ownSlices = createIndexed<KubeObject>();
  const takenSlices = new Map<string, string>();
  const sliceTimes = new Map<string, number>();
  /** Our slices, by the Service that kube-proxy adds them to. */
  const joined = createIndexed<true>();
  const freed = createFreedNames(deps.clock);
  /** Services that are not ours, by namespace. */
  const somebodys = createIndexed<true>();
  /** Services that are not ours and have our label still. */
  const leftOver = new Set<string>();
  /** Characters that are kept of Services, and those of which nothing is kept for that. */
  let kept = 0;
  const noRoom = new Set<string>();

  function setService(key: string, seen: ServiceEntry | undefined): void {
    const before = services.get(key);
    const entry = withRoom(key, seen === undefined ? undefined : asAsked(key, seen), sizeOf(before));
    setOrDelete(services, key, entry);
    somebodys.set(key, entry === undefined || entry.kind === 'own' ? undefined : true, entry?.namespace);
    if (entry === undefined) problems.set(`export ${key}`, []);
    // The watch may tell of a deletion before its answer comes.
    if (entry !== undefined || deps.isAnswer()) freed.forget(key);
    else if (before !== undefined) freed.note(key);
    setOwn(ownServices, key, ownService(entry));
    const was = exports.taken.has(key);
    setExported(key, entry);
    setLeftOver(key, entry);
    follow(key);
    if (before !== undefined && entry !== undefined && sameToOthers(before, entry)) return;
    changed({ kind: 'service', service: key, exported: was || exports.taken.has(key), ...dated(entry) });
  }

  /** The Service as what asks for its export makes it. What is wrong with it is told only where something asks. */
  function asAsked(key: string, seen: ServiceEntry): ServiceEntry {
    const { value, problems: wrong } = exportedAs(seen, {
      serviceExport: deps.asked(key),
      namespace: deps.askedByNamespace(seen.namespace),
    });
    problems.set(`export ${key}`, wrong);
    return value ?? seen;
  }

  /** What there is no room for waits, as what is beyond the number of exports does: what stands of it stays. */
  function withRoom(key: string, entry: ServiceEntry | undefined, before: number): ServiceEntry | undefined {
    const size = sizeOf(entry);
    noRoom.delete(key);
    if (entry !== undefined && entry.kind !== 'own' && size > before && kept - before + size > BOUND.services) {
      kept -= before;
      noRoom.add(key);
      const { namespace, name, uid, leftover, offered } = entry;
      const asks = entry.kind === 'exported' ? [{ subject: { kind: 'service', name: key } as const, ...NO_ROOM }] : [];
      problems.set(`export ${key}`, asks);
      return {
        kind: 'foreign',
        namespace,
        name,
        uid,
        unexportable: NO_ROOM,
        ...(leftover !== undefined && { leftover }),
        ...(offered !== undefined && { offered }),
      };
    }
    kept += size - before;
    return entry;
  }

  function setExported(key: string, entry: ServiceEntry | undefined): void {
    const asked = exports.taken.has(key) || exports.waits(key);
    if (asked === (entry?.kind === 'exported')) return;
    if (entry?.kind === 'exported') {
      exports.ask(key, entry.namespace);
    } else {
      const next = exports.leave(key);
      if (next !== undefined) follow(next);
      if (next !== undefined) changed({ kind: 'service', service: next, exported: true });
    }
  }

  /** Its own member takes the label off, whether anybody exports such a Service or not. */
  function setLeftOver(key: string, entry: ServiceEntry | undefined): void {
    if (entry === undefined || entry.kind === 'own' || entry.leftover === undefined) return void leftOver.delete(key);
    leftOver.add(key);
    changed({ kind: 'mirror', service: key });
  }

  /** Slices are kept of what is exported, and of Services of others that ours have joined. */
  function follow(key: string): void {
    const entry = services.get(key);
    const wanted = exports.taken.has(key) || (entry !== undefined && entry.kind !== 'own' && joined.group(key).length > 0);
    if (wanted === slices.follows(key)) return;
    if (!wanted) passed.put(key, slices.unfollow(key));
    else if (slices.follow(key) && !fillFromPassed(key)) needSlices(key);
  }

  /** What was heard of a Service before it was exported is as good as what a fetch would find. */
  function fillFromPassed(key: string): boolean {
    const found = passed.take(key);
    if (found === undefined || !exports.taken.has(key) || !deps.allSlicesHeard()) return false;
    return slices.fill(
      key,
      found.flatMap(([name, slice]) => (slice.kind === 'record' ? [[name, slice.record] as const] : recordOf(key, slice.object))),
    );
  }

  function recordOf(service: string, object: unknown): (readonly [key: string, record: SliceRecord])[] {
    const entry = projectSlice(cluster, object, (name) => name === service).value;
    if (entry?.kind !== 'source') return [];
    const key = `${entry.record.namespace}/${entry.record.name}`;
    noteTime(key, changedAt(object));
    return [[key, entry.record]];
  }

  function noteTime(key: string, at: number | undefined): void {
    if (at !== undefined) sliceTimes.set(key, at);
  }

  function setJoined(key: string, object: KubeObject | undefined): void {
    const { namespace, labels } = object?.metadata ?? {};
    const service = labels?.[MCS_LABEL.kubeServiceName];
    const now = namespace === undefined || service === undefined ? undefined : `${namespace}/${service}`;
    const before = joined.set(key, now === undefined ? undefined : true, now);
    for (const each of new Set([before, now])) if (each !== undefined) follow(each);
  }

  function setOwn(index: Indexed<KubeObject>, key: string, object: KubeObject | undefined): void {
    const group = object === undefined ? undefined : mirroredBy(object);
    const before = index.set(key, object, group);
    for (const service of new Set([before, group])) {
      if (service !== undefined) changed({ kind: 'mirror', service });
    }
  }

  function setSlice(key: string, entry: SliceEntry | undefined): void {
    const waiting = takenSlices.get(key);
    if (waiting !== undefined) {
      takenSlices.delete(key);
      changed({ kind: 'mirror', service: waiting });
    }
    if (entry === undefined || entry.kind === 'other') sliceTimes.delete(key);
    // An answer to a write of ours comes without the times that the API server notes.
    else noteTime(key, deps.isAnswer() ? deps.clock.wall() : changedAt(passing));
    setOwn(ownSlices, key, ownSlice(entry));
    setJoined(key, ownSlice(entry));
    passed.set(key, entry?.kind === 'other' ? passing : undefined);
    const touched = slices.set(key, entry?.kind === 'source' ? entry.record : undefined);
    for (const service of touched) endpointsChanged(service, dated(entry));
  }

  /** Those of a Service that is not exported concern this member alone. */
  function endpointsChanged(service: string, at: { readonly at?: number }): void {
    changed(exports.taken.has(service) ? { kind: 'slices', service, ...at } : { kind: 'mirror', service });
  }

  return {
    feeds: {
      service: checkedFeed('service', problems, {
        project(object) {
          passing = object;
          return projectService(cluster, object);
        },
        isStale: (key, current, previous) => isStale(ownService(services.get(key)), ownService(current), ownService(previous)),
        changed: setService,
      }),
      endpointSlice: checkedFeed('endpointSlice', problems, {
        project(object) {
          passing = object;
          return projectSlice(cluster, object, slices.follows);
        },
        isStale: (key, current, previous) => isStale(ownSlices.get(key), ownSlice(current), ownSlice(previous)),
        changed: setSlice,
      }),
    },
    all: () => services,
    exported: () => exports.taken,
    waits: (service) => exports.waits(service) || noRoom.has(service),
    slicesOf: (service) => (exports.taken.has(service) && slices.complete(service) ? slices.of(service) : undefined),
    readyBeside: (service) => (slices.complete(service) ? slices.count(service).ready : undefined),
    sliceChangedAt: (key) => sliceTimes.get(key),
    follows: slices.follows,
    freedMs: freed.leftMs,
    countOf: slices.count,
    mirrorsOf: (service) => ({ services: ownServices.group(service), slices: ownSlices.group(service) }),
    askChanged(service) {
      const entry = services.get(service);
      if (entry !== undefined && entry.kind !== 'own') setService(service, entry);
    },
    namesIn: somebodys.keysOf,
    mirrored: () => [...ownServices.groups(), ...ownSlices.groups(), ...leftOver],
    slicesStarted(wasExported) {
      if (live) return;
      live = true;
      const before = new Set(exports.taken);
      exports.settle(wasExported);
      for (const key of new Set([...before, ...exports.taken])) follow(key);
      slices.started();
    },
    fillSlices(service, objects) {
      const records = objects.flatMap((object) => recordOf(service, object));
      if (!slices.fill(service, records)) return false;
      endpointsChanged(service, {});
      return true;
    },
    sliceTaken: (key, service) => void takenSlices.set(key, service),
    surplus: () => [...tooManyServices(exports.leftOut()), ...slices.surplus()],
    ownCounts: () => ({ services: ownServices.all().size, slices: ownSlices.all().size }),
  };
}

const NO_ROOM: Complaint = {
  reason: 'TooManyObjects',
  message: `the member has more Services than the hub can know, ${BOUND.services >> 20} MiB of them, so this one can not be exported`,
};

/** What its owner chooses the size of, characters. */
function sizeOf(entry: ServiceEntry | undefined): number {
  if (entry === undefined || entry.kind === 'own') return 0;
  const body = entry.kind === 'exported' ? JSON.stringify(entry.source) : (entry.body ?? '');
  return body.length + JSON.stringify([entry.labels, entry.annotations]).length - NOTHING_KEPT;
}

const NOTHING_KEPT = '[null,null]'.length;

/** What waits. It is gathered when it is asked for: while there is too much, each of very many events would have to. */
function tooManyServices(leftOut: string | undefined): Problem[] {
  if (leftOut === undefined) return [];
  const message = `more than ${BOUND.exports} of its Services, or ${BOUND.exportsOfNamespace} of one namespace, ask to be exported`;
  return [{ subject: { kind: 'member' }, reason: 'TooManyServices', message: `${message}. These are not, until others leave: ${leftOut}` }];
}

/** `namespace/name` of the Service that an object of ours mirrors. The namespace is the object's own, whatever its labels say. */
function mirroredBy(object: KubeObject): string | undefined {
  const { namespace, labels, annotations } = object.metadata;
  const name = labels?.[MCS_LABEL.serviceName] ?? annotations?.[ANNOTATION.source]?.split('/').at(-1);
  return namespace === undefined || name === undefined ? undefined : `${namespace}/${name}`;
}

function sameToOthers(a: ServiceEntry, b: ServiceEntry): boolean {
  if (a.kind === 'own' || b.kind === 'own' || a.offered !== b.offered) return false;
  if (a.kind === 'exported' && b.kind === 'exported') return JSON.stringify(a.record) === JSON.stringify(b.record);
  return a.kind === 'foreign' && b.kind === 'foreign' && a.uid === b.uid && (a.leftover === undefined) === (b.leftover === undefined);
}

function ownService(entry: ServiceEntry | undefined): KubeObject | undefined {
  return entry?.kind === 'own' ? entry.object : undefined;
}

function ownSlice(entry: SliceEntry | undefined): KubeObject | undefined {
  return entry?.kind === 'own' ? entry.object : undefined;
}
