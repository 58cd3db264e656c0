/**
 * One member: its connection, its watches, its records and how the hub stands with it. Nothing here waits for another
 * member.
 */
import { type KubeObject, RESOURCE } from '../../core/api/resources.js';
import type { Clock, Random } from '../../core/runtime/clock.js';
import type { Log } from '../../core/runtime/log.js';
import type { WorkQueue } from '../../core/workqueue/queue.js';
import { listObjects } from '../../kube/wire/apply.js';
import type { KubeClient, KubeFailure } from '../../kube/wire/client.js';
import { createReflector, type Reflector } from '../../kube/wire/reflector.js';
import { MCS_LABEL } from '../../core/api/names.js';
import type { BrakeSource } from '../controllers/brake.js';
import type { Change } from '../records/change.js';
import { createMemberRecords, type MemberRecords, type WatchedKind } from '../records/memberRecords.js';
import type { Declaration } from './declaration.js';
import type { Identities } from './identity.js';
import { createMemberClient, type MemberClient } from './memberClient.js';
import { type MemberState, stateOfFailure } from './memberState.js';
import { createPacer } from './pacer.js';

export interface Member {
  readonly id: string;
  readonly records: MemberRecords;
  state(): MemberState;
  /** Has everything been listed once? From then on the records are what the member last said. */
  synced(): boolean;
  /** What the API server calls itself, and where it is; undefined before it was reached. */
  version(): string | undefined;
  server(): string | undefined;
  /** What is wrong though the member works, e.g. a new kubeconfig that cannot be used. */
  complaints(): readonly MemberComplaint[];
  /** How its list of a resource can be doubted. */
  brakeFor(kind: WatchedKind): BrakeSource;
  /** Undefined before there was a usable kubeconfig. */
  client(): KubeClient | undefined;
  /** The kubeconfig that is declared now. */
  declare(declaration: Declaration): void;
  /** Follows the member until `signal` aborts, then closes the connection. */
  run(signal: AbortSignal): Promise<void>;
}

export interface MemberComplaint {
  readonly reason: string;
  readonly message: string;
}

export interface MemberDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly identities: Identities;
  readonly connect: (kubeconfig: string) => { readonly ok: true; readonly client: KubeClient } | { readonly ok: false; readonly error: string };
  /** An in-process queue. */
  readonly createFetches: () => WorkQueue;
  /** Told only once the member is synced. */
  readonly changed: (member: Member, change: Change) => void;
  readonly stateChanged: (member: Member) => void;
}

const PROBE_MS = 20_000;
const PROBE_TIMEOUT_MS = 5_000;
const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 15_000;
const FETCH_CONCURRENCY = 8;
/** A watch that fails for so long, while the API server answers, is a complaint. */
const WATCH_PATIENCE_MS = 30_000;

/** Peers, Services and imports of everybody: a name that is taken must be known before ours is written. */
const WATCHED: readonly WatchedKind[] = ['mesh', 'meshNode', 'peer', 'service', 'namespace', 'serviceExport', 'serviceImport'];

export function createMember(id: string, deps: MemberDeps): Member {
  const log = deps.log.with({ member: id });
  const pacer = createPacer(deps.clock);
  const fetches = deps.createFetches();
  const reflectors = new Map<WatchedKind, Reflector<unknown>>();
  let client: MemberClient | undefined;
  let kubeconfig: string | undefined;
  let unusable: string | undefined;
  let refusal: string | undefined;
  let failure: KubeFailure | undefined;
  let version: string | undefined;
  let synced = false;
  let state: MemberState = { kind: 'connecting', reason: 'not connected yet' };

  const records = createMemberRecords(id, {
    changed: (change) => {
      if (synced) deps.changed(member, change);
    },
    needSlices: (service) => fetches.add(service),
  });

  async function verify(candidate: KubeClient): Promise<KubeFailure | undefined> {
    const found = await candidate.call<KubeObject>({ method: 'GET', path: '/api/v1/namespaces/kube-system', timeoutMs: PROBE_TIMEOUT_MS });
    if (!found.ok) return found.error;
    const claim = deps.identities.claim(id, found.value.metadata.uid ?? '');
    refusal = undefined;
    if (claim.ok) return undefined;
    refusal = claim.kind === 'taken'
      ? `this cluster is already the member "${claim.holder}": remove one of the two kubeconfigs`
      : 'another cluster answers under this id than before: if that is intended, remove the kubeconfig, wait until the member is gone, and add it again';
    return { kind: 'forbidden', message: refusal };
  }

  function currentState(): MemberState {
    if (client === undefined) return { kind: 'refused', reason: unusable ?? 'there is no kubeconfig yet' };
    if (refusal !== undefined) return { kind: 'refused', reason: refusal };
    if (failure !== undefined) return stateOfFailure(failure, synced);
    if (synced) return { kind: 'ready' };
    const failing = [...reflectors.values()].map((reflector) => reflector.state().failure).find((each) => each !== undefined);
    return failing === undefined ? { kind: 'connecting', reason: 'reading its objects' } : stateOfFailure(failing, false);
  }

  function refresh(): void {
    const next = currentState();
    if (JSON.stringify(next) === JSON.stringify(state)) return;
    const level = next.kind === 'ready' || next.kind === 'connecting' ? 'info' : 'warn';
    log[level]('member is in another state', { from: state.kind, to: next.kind, ...('reason' in next && { reason: next.reason }) });
    state = next;
    deps.stateChanged(member);
  }

  function listed(): void {
    if (!synced && reflectors.size === WATCHED.length + 1 && [...reflectors.values()].every((each) => each.synced())) synced = true;
    refresh();
  }

  async function follow(kind: WatchedKind, through: KubeClient, signal: AbortSignal): Promise<void> {
    const feed = records.feeds[kind];
    const reflector = createReflector({
      client: through,
      resource: RESOURCE[kind],
      project: (object) => feed.project(object),
      onChange: (key, current, previous) => feed.changed(key, current, previous),
      onSynced: () => {
        if (kind === 'service' && !reflectors.has('endpointSlice')) startSlices();
        listed();
      },
      onState: refresh,
    }, { clock: deps.clock, random: deps.random, log });
    reflectors.set(kind, reflector);
    await reflector.run(signal);
  }

  let startSlices = (): void => undefined;

  /** Slices are read after the Services, which tell whose are needed. */
  async function followAll(through: KubeClient, signal: AbortSignal): Promise<void> {
    const slices = new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
      startSlices = () => {
        records.slicesStarted();
        follow('endpointSlice', through, signal).then(resolve, reject);
      };
    });
    await Promise.all([...WATCHED.map((kind) => follow(kind, through, signal)), slices]);
  }

  async function fetchSlices(service: string, through: KubeClient): Promise<{ kind: 'done' } | { kind: 'retry'; error: string }> {
    if (!records.exported().has(service)) return { kind: 'done' };
    const [namespace = '', name = ''] = service.split('/');
    const found = await listObjects(through, RESOURCE.endpointSlice, { namespace, labelSelector: `${MCS_LABEL.kubeServiceName}=${name}` });
    if (!found.ok) return { kind: 'retry', error: found.error.message };
    records.fillSlices(service, found.value);
    return { kind: 'done' };
  }

  async function probeLoop(through: MemberClient, signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      failure = await through.probe();
      if (signal.aborted) return;
      if (failure === undefined && version === undefined) {
        const answer = await through.call<{ readonly gitVersion?: string }>({ method: 'GET', path: '/version', timeoutMs: PROBE_TIMEOUT_MS });
        version = answer.ok ? answer.value.gitVersion : undefined;
      }
      refresh();
      failures = failure === undefined ? 0 : failures + 1;
      const wait = failure === undefined ? PROBE_MS : Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** Math.min(failures - 1, 8));
      await pacer.pause(wait * (0.75 + deps.random() / 2), signal);
    }
  }

  /** Waits for the first kubeconfig that can be used. */
  async function awaitClient(signal: AbortSignal): Promise<MemberClient | undefined> {
    for (;;) {
      if (client !== undefined || signal.aborted) return client;
      await pacer.pause(PROBE_MS, signal);
    }
  }

  const member: Member = {
    id,
    records,
    state: () => state,
    synced: () => synced,
    version: () => version,
    server: () => client?.server,
    brakeFor: (kind) => ({
      id,
      lists: () => reflectors.get(kind)?.lists() ?? 0,
      relist: () => reflectors.get(kind)?.relist(),
      recognised: () => refusal === undefined,
    }),
    client: () => client,
    complaints() {
      const complaints: MemberComplaint[] = [];
      if (unusable !== undefined && client !== undefined) {
        complaints.push({ reason: 'BadKubeconfig', message: `the kubeconfig was changed to one that cannot be used, so the one before stays in use: ${unusable}` });
      }
      for (const [kind, reflector] of reflectors) {
        const { failure: broken, since } = reflector.state();
        if (synced && broken !== undefined && deps.clock.now() - since > WATCH_PATIENCE_MS) {
          complaints.push({ reason: 'WatchFailing', message: `cannot follow ${RESOURCE[kind].plural}, so what is known of them may be old: ${broken.message}` });
        }
      }
      return complaints;
    },
    declare({ content, origin }) {
      if (content.ok && content.kubeconfig === kubeconfig && unusable === undefined) return;
      const connected = content.ok ? deps.connect(content.kubeconfig) : { ok: false as const, error: content.error };
      unusable = connected.ok ? undefined : `${origin}: ${connected.error}`;
      if (connected.ok) {
        kubeconfig = content.ok ? content.kubeconfig : undefined;
        if (client === undefined) client = createMemberClient(connected.client, { clock: deps.clock, verify, suspect: pacer.hurry });
        else client.replace(connected.client);
      }
      if (unusable !== undefined) log.warn('kubeconfig cannot be used', { origin, reason: unusable });
      pacer.hurry();
      refresh();
    },
    async run(signal) {
      const through = await awaitClient(signal);
      if (through === undefined) return;
      try {
        await Promise.all([
          probeLoop(through, signal),
          followAll(through, signal),
          fetches.run((service) => fetchSlices(service, through), { concurrency: FETCH_CONCURRENCY, signal }),
        ]);
      } finally {
        through.close();
      }
    },
  };
  return member;
}
