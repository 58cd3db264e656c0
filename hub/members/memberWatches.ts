/**
 * The watches of one member, which feed its records.
 *
 * EndpointSlices are listed after the Services, which say whose slices are needed. If a Service is exported later, its slices
 * have been passed over. Where they are not remembered (records/passedSlices.ts), they are fetched separately.
 */
import { MCS_LABEL } from '../../core/api/names.js';
import type { Problem } from '../../core/api/problem.js';
import { RESOURCE } from '../../core/api/resources.js';
import type { Clock, Random } from '../../core/runtime/clock.js';
import type { Log } from '../../core/runtime/log.js';
import { createPaced } from '../../core/runtime/paced.js';
import type { ReconcileResult, WorkQueue } from '../../core/workqueue/queue.js';
import { listObjects } from '../../kube/wire/apply.js';
import type { KubeClient, KubeFailure } from '../../kube/wire/client.js';
import { createReflector, type Reflector } from '../../kube/wire/reflector.js';
import type { WatchedKind } from '../records/feed.js';
import type { Intake } from './intake.js';
import { leftOutProblems } from './leftOutProblems.js';
import type { StoreBounds } from '../../kube/wire/projections.js';
import type { MemberRecords } from '../records/memberRecords.js';

interface MemberWatches {
  /** Whether everything has been listed once. */
  synced(): boolean;
  /** Why a watch that the hub cannot do without fails now. Undefined: none does. */
  failure(): KubeFailure | undefined;
  /** Why the API server has none of this kind for us now: it does not know the kind, or refuses. Undefined: it has, or does not answer. */
  withheld(kind: WatchedKind): KubeFailure | undefined;
  /** Watches that have failed for a while. */
  failing(): readonly { readonly kind: WatchedKind; readonly failure: KubeFailure }[];
  /** What the member has and the records do not. */
  problems(): readonly Problem[];
  /** Complete lists of a resource so far. */
  lists(kind: WatchedKind): number;
  /** Whether there was a complete list of it, with room for all. */
  hearsAll(kind: WatchedKind): boolean;
  relist(kind: WatchedKind): void;
  /** The member answers again: what failed is tried at once. */
  retry(): void;
  /** Follows everything until `signal` aborts. May be called again after it rejected. */
  run(client: KubeClient, signal: AbortSignal): Promise<void>;
  /** Fetches what `fetches` says until `signal` aborts. */
  runFetches(client: KubeClient, signal: AbortSignal): Promise<void>;
}

interface MemberWatchesDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly records: MemberRecords;
  readonly intake: Intake;
  /** Services whose slices are to be fetched. */
  readonly fetches: WorkQueue;
  /** A watch came up, failed, or has listed everything. */
  readonly changed: () => void;
}

/** Peers, Services and imports of all owners: taken names must be known before ours are written. */
const FIRST: readonly WatchedKind[] = ['mesh', 'meshNode', 'peer', 'service', 'namespace', 'serviceExport', 'serviceImport'];
/** A member works without, if less is known of it. It counts as read as soon as it is known whether the member has any. */
const OPTIONAL: readonly WatchedKind[] = ['gatewayReport'];
/** They say whose slices are needed: of more exports than the hub takes, those that it took before. */
const BEFORE_SLICES: readonly WatchedKind[] = ['service', 'serviceExport', 'namespace'];
/** The slices of a Service are held together until they are looked at. */
const FETCH_CONCURRENCY = 2;
const FETCH_BYTES = 16 << 20;

/** Of our own objects the records keep all, of those of others what they need. */
const BOUNDS: StoreBounds<unknown> = { objects: 20_000, whole: { bytes: 16 << 20, is: isKeptWhole } };
const BOUNDS_OF: Partial<Record<WatchedKind, StoreBounds<unknown>>> = {
  endpointSlice: { objects: 50_000, whole: { bytes: 64 << 20, is: isKeptWhole } },
  gatewayReport: { objects: 2_000, whole: { bytes: 32 << 20, is: () => true } },
};
/** A right or a CRD that is missing will be there at some time, and somebody waits for what follows. */
const REFUSED_MS = 800;
/** Lists for those who had no room: at once, and then so often. */
const FOR_ROOM = { perSecond: 1 / 30, burst: 1 } as const;
/** How long a watch may fail before it is a problem. */
const PATIENCE_MS = 30_000;

export function createMemberWatches(deps: MemberWatchesDeps): MemberWatches {
  const { clock, records } = deps;
  const reflectors = new Map<WatchedKind, Reflector<unknown>>();
  const relistForRoom = createPaced<WatchedKind>({
    clock,
    rate: FOR_ROOM,
    pass: (kind) => reflectors.get(kind)?.relist(),
    keyOf: (kind) => kind,
  });
  let synced = false;
  let startSlices = (): void => undefined;
  const needed = (): Reflector<unknown>[] => [...reflectors].flatMap(([kind, reflector]) => (OPTIONAL.includes(kind) ? [] : [reflector]));

  function isSynced(): boolean {
    synced ||= needed().length === FIRST.length + 1 && needed().every((each) => each.synced()) && OPTIONAL.every(isSettled);
    return synced;
  }

  /** Whether it is known what the member has of it, or that this cannot be known now. */
  function isSettled(kind: WatchedKind): boolean {
    const reflector = reflectors.get(kind);
    if (reflector === undefined) return false;
    const { kind: state, since } = reflector.state();
    return reflector.synced() || withheld(kind) !== undefined || (state === 'failing' && clock.now() - since > PATIENCE_MS);
  }

  function withheld(kind: WatchedKind): KubeFailure | undefined {
    const failure = reflectors.get(kind)?.state().failure;
    return failure?.kind === 'notFound' || failure?.kind === 'forbidden' ? failure : undefined;
  }

  function startSlicesIfKnown(): void {
    if (BEFORE_SLICES.every((kind) => reflectors.get(kind)?.synced() === true)) startSlices();
  }

  function reflectorOf(kind: WatchedKind, client: KubeClient): Reflector<unknown> {
    const feed = records.feeds[kind];
    const known = reflectors.get(kind);
    if (known !== undefined) return known;
    const reflector: Reflector<unknown> = createReflector<unknown>(
      {
        client,
        resource: RESOURCE[kind],
        project: (object) => feed.project(object),
        onChange(key, current, previous) {
          feed.changed(key, current, previous);
          if (current === undefined && reflector.leftOut().full) relistForRoom(kind);
        },
        onSynced() {
          startSlicesIfKnown();
          records.settle();
          deps.changed();
        },
        onState: deps.changed,
        bounds: BOUNDS_OF[kind] ?? BOUNDS,
        pace: deps.intake.pace,
        refusedMaxMs: REFUSED_MS,
      },
      deps,
    );
    reflectors.set(kind, reflector);
    return reflector;
  }

  async function followAll(client: KubeClient, signal: AbortSignal): Promise<void> {
    const slices = new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
      startSlices = () => {
        startSlices = () => undefined;
        records.slicesStarted();
        reflectorOf('endpointSlice', client).run(signal).then(resolve, reject);
      };
    });
    startSlicesIfKnown();
    await Promise.all([...[...FIRST, ...OPTIONAL].map((kind) => reflectorOf(kind, client).run(signal)), slices]);
  }

  async function fetchSlices(service: string, client: KubeClient): Promise<ReconcileResult> {
    if (!records.follows(service)) return { kind: 'done' };
    const [namespace = '', name = ''] = service.split('/');
    const labelSelector = `${MCS_LABEL.kubeServiceName}=${name}`;
    const found = await listObjects(client, RESOURCE.endpointSlice, {
      namespace,
      labelSelector,
      mostBytes: FETCH_BYTES,
      pace: deps.intake.pace,
    });
    if (!found.ok) return { kind: 'retry', error: found.error.message };
    return records.fillSlices(service, found.value) ? { kind: 'done' } : { kind: 'retry', error: 'the slices changed too often meanwhile' };
  }

  return {
    synced: isSynced,
    failure: () =>
      needed()
        .map((each) => each.state().failure)
        .find((each) => each !== undefined),
    withheld,
    failing: () =>
      [...reflectors].flatMap(([kind, reflector]) => {
        const { failure, since } = reflector.state();
        return isSynced() && failure !== undefined && !OPTIONAL.includes(kind) && clock.now() - since > PATIENCE_MS
          ? [{ kind, failure }]
          : [];
      }),
    problems: () => [...reflectors].flatMap(([kind, reflector]) => leftOutProblems(kind, reflector.leftOut())),
    lists: (kind) => reflectors.get(kind)?.lists() ?? 0,
    hearsAll(kind) {
      const reflector = reflectors.get(kind);
      return reflector?.synced() === true && !reflector.leftOut().full;
    },
    relist: (kind) => reflectors.get(kind)?.relist(),
    retry() {
      for (const reflector of reflectors.values()) reflector.retry();
    },
    run: followAll,
    runFetches: (client, signal) => deps.fetches.run((service) => fetchSlices(service, client), { concurrency: FETCH_CONCURRENCY, signal }),
  };
}

/** Of what `project` of a feed returned: whether it holds an object of ours. */
function isKeptWhole(projected: unknown): boolean {
  const { value } = projected as { readonly value?: unknown };
  return typeof value === 'object' && value !== null && 'object' in value;
}
