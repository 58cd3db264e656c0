/**
 * One member: its connection, its watches, its records and its state. Nothing here waits for another member.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Problem } from '../../core/api/problem.js';
import { DEFAULT_NAMESPACE, HUB_LEASE } from '../../core/api/names.js';
import { RESOURCE } from '../../core/api/resources.js';
import type { Clock, Random } from '../../core/runtime/clock.js';
import type { Log } from '../../core/runtime/log.js';
import { createInterruptiblePause } from '../../core/runtime/pause.js';
import type { WorkQueue } from '../../core/workqueue/queue.js';
import type { KubeClient, KubeFailure } from '../../kube/wire/client.js';
import { failureFromError } from '../../kube/wire/failure.js';
import type { NextTurn } from '../../core/runtime/sharedTurns.js';
import type { Change } from '../records/change.js';
import type { RangeTerms } from '../records/admit/admitRange.js';
import type { WatchedKind } from '../records/feed.js';
import { createMemberRecords, type MemberRecords } from '../records/memberRecords.js';
import { createCredentials } from './credentials.js';
import type { Connect, Declaration } from './declaration.js';
import type { Identities } from './identity.js';
import { createIntake, INTAKE } from './intake.js';
import { createHubLease, type HubIdentity, type LeaseState, type Standby } from './lease.js';
import { leaseRefusal } from './leaseRefusal.js';
import { createLeasedClient } from './leasedClient.js';
import { keepRunning } from './keepRunning.js';
import type { MemberClient } from './memberClient.js';
import { type MemberState, stateOfFailure } from './memberState.js';
import { createMemberWatches } from './memberWatches.js';
import { federationsIn } from './federationsIn.js';
import { createPacedChanges } from './pacedChanges.js';
import { PROBE_PERIOD_MS, probeLoop } from './probeLoop.js';
import { createRecognition } from './recognition.js';
import { createRenewal, type CredentialsEnd, type ReplaceKubeconfig } from './renewal.js';
import type { MemberTerms } from './terms.js';

export interface Member {
  readonly id: string;
  readonly records: MemberRecords;
  state(): MemberState;
  /** Whether everything has been listed once. From then on the records are complete. */
  synced(): boolean;
  /** Whether it is read without a failure, so that what is known of it is not old. The hub may have no right to write there. */
  current(): boolean;
  /** Version and address of the API server. Undefined before it was reached. */
  version(): string | undefined;
  server(): string | undefined;
  /** When the credentials in its kubeconfig end. Undefined: nothing is known of an end. */
  credentialsEnd(): CredentialsEnd | undefined;
  /** Problems of a member that works all the same, e.g. a new kubeconfig that cannot be used. */
  problems(): readonly Problem[];
  listing(kind: WatchedKind): Listing;
  /** Why its API server gives no reports of gateways: it does not know them, or refuses. Undefined: it does, or does not answer. */
  reportsWithheld(): KubeFailure | undefined;
  /** UID of the cluster that answered last, and of the one that was recognised as this member. Undefined: none was. */
  clusterUid(): { readonly shown: string | undefined; readonly recognised: string | undefined };
  /** False: another cluster answers, or nobody knows which. What is known of the member stays as it is. */
  recognised(): boolean;
  /** Looks again at whether the cluster is this member. */
  reconsider(): void;
  /** Sends while this hub holds the member's Lease, and fails otherwise. */
  readonly writes: KubeClient;
  lease(): LeaseState;
  /** Resolves when this hub holds the Lease, with what aborts when it does not any more; undefined: `signal` aborted before. */
  held(signal: AbortSignal): Promise<AbortSignal | undefined>;
  /** The hub is the active one now, or not any more. */
  reconsiderLease(): void;
  /** Nothing of the federation is left in it: when its Lease is let go, any federation may take it. */
  forsake(): void;
  /** What is declared for it beside the kubeconfig. */
  terms(): MemberTerms;
  /** Takes the kubeconfig and the terms that are declared now, and the ranges that are declared for others. */
  declare(declaration: Declaration, reserved: RangeTerms['reserved']): void;
  /** Follows the member until `signal` aborts, then lets go of its Lease and closes the connection. */
  run(signal: AbortSignal): Promise<void>;
}

/** How complete the list of one resource is, so that the absence of an object can be judged. */
interface Listing {
  /** Id of the member. */
  readonly id: string;
  /** Complete lists so far. */
  lists(): number;
  relist(): void;
  /** Whether the cluster is the one that is registered under this id. */
  recognised(): boolean;
}

interface MemberDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Who takes its Lease. */
  readonly hub: HubIdentity;
  /** Undefined: this hub is the active one of its federation. */
  readonly standby: () => Standby | undefined;
  readonly identities: Identities;
  readonly connect: Connect;
  /** Writes a kubeconfig back to where it was declared. Undefined: there is no home cluster. */
  readonly replaceKubeconfig: ReplaceKubeconfig | undefined;
  /** An in-process queue. */
  readonly createFetches: () => WorkQueue;
  /** Of the whole hub: what all members say shares the turns of the event loop. */
  readonly nextTurn: NextTurn;
  /** Told only once the member is synced. */
  readonly changed: (member: Member, change: Change) => void;
  /** Of its state, or whether it is synced. */
  readonly stateChanged: (member: Member) => void;
  /** They were `before`. */
  readonly termsChanged: (member: Member, before: MemberTerms) => void;
}

export function createMember(id: string, deps: MemberDeps): Member {
  const log = deps.log.with({ member: id });
  const betweenProbes = createInterruptiblePause(deps.clock);
  const recognition = createRecognition(id, deps.identities);
  const isStranger = (): boolean => recognition.refusal() !== undefined;
  const fetches = deps.createFetches();
  const records = createMemberRecords(id, {
    clock: deps.clock,
    changed: (change) => {
      if (watches.synced()) changed(change);
    },
    needSlices: (service) => fetches.add(service),
    allSlicesHeard: () => watches.hearsAll('endpointSlice'),
  });
  const changed = createPacedChanges({ clock: deps.clock, changed: (change) => deps.changed(member, change) });
  const intake = createIntake(deps);
  const watches = createMemberWatches({ ...deps, log, records, intake, fetches, changed: refresh });
  const credentials = createCredentials({ ...deps, log, verify: recognition.verify, isStranger, suspect: betweenProbes.interrupt });
  const writes = createLeasedClient({ client: credentials.client, tenure: () => lease.tenure(), clock: deps.clock });
  const lease = createHubLease({
    ...deps,
    log,
    idle: writes.idle,
    changed: refresh,
    place: { namespace: DEFAULT_NAMESPACE, name: HUB_LEASE },
    marks: () => (watches.synced() ? federationsIn(records) : undefined),
  });
  const renewal = createRenewal({
    ...deps,
    log,
    verify: recognition.verify,
    inUse: credentials.inUse,
    isActive: () => deps.standby() === undefined,
  });
  let terms: MemberTerms = {};
  let ranges: RangeTerms | undefined;
  let failure: KubeFailure | undefined;
  /** What a loop of the hub's own threw, until it runs again. */
  let crash: KubeFailure | undefined;
  let version: string | undefined;
  /** Whether it was synced when that was told last. */
  let toldSynced = false;
  let state: MemberState = { kind: 'connecting', reason: 'not connected yet' };

  function currentState(): MemberState {
    if (credentials.client() === undefined) return { kind: 'refused', reason: credentials.unusable() ?? 'there is no kubeconfig yet' };
    const refusal = recognition.refusal();
    if (refusal !== undefined) return { kind: 'refused', reason: refusal };
    const failing = watches.synced() ? watches.failing().map(failureOf)[0] : watches.failure();
    const worst = crash ?? failure;
    if (worst !== undefined) return stateOfFailure(worst, watches.synced());
    const refused = leaseRefusal(lease.state());
    if (refused !== undefined) return refused;
    if (failing !== undefined) return stateOfFailure(failing, watches.synced());
    return watches.synced() ? { kind: 'ready' } : { kind: 'connecting', reason: 'reading its objects' };
  }

  function isCurrent(): boolean {
    if (credentials.client() === undefined || isStranger() || (crash ?? failure) !== undefined) return false;
    return watches.synced() && watches.failing().length === 0;
  }

  function refresh(): void {
    const next = currentState();
    const first = !toldSynced && watches.synced();
    toldSynced = watches.synced();
    if (first) lease.reconsider();
    if (JSON.stringify(next) === JSON.stringify(state)) {
      // What it exports counts from when it was read, whatever else fails just then.
      if (first) deps.stateChanged(member);
      return;
    }
    const level = next.kind === 'ready' || next.kind === 'connecting' ? 'info' : 'warn';
    const reason = 'reason' in next ? { reason: next.reason } : {};
    if (next.kind === state.kind) log[level]('A member is in its state for another reason', { state: next.kind, ...reason });
    else log[level]('A member is in another state', { from: state.kind, to: next.kind, ...reason });
    state = next;
    deps.stateChanged(member);
  }

  function ownProblems(): readonly Problem[] {
    // An API server that does not answer at all is told once, and not for each watch.
    const problems: Problem[] = watches
      .failing()
      .filter(({ failure: { kind } }) => failure?.kind !== 'unreachable' || kind !== 'unreachable')
      .map((failing) => ({ ...MEMBER, reason: 'WatchFailing', message: failureOf(failing).message }));
    const wrong = failure ?? watches.failure();
    if (crash !== undefined) problems.push({ ...MEMBER, reason: 'Restarting', message: crash.message });
    else if (wrong !== undefined && isNonsense(wrong)) problems.push({ ...MEMBER, reason: 'UnexpectedAnswer', message: wrong.message });
    if (state.kind === 'ready' && (credentials.client()?.silentMs() ?? 0) > SILENT_MS) problems.push({ ...MEMBER, ...SILENT });
    if (intake.behindFor() > BEHIND_MS) problems.push({ ...MEMBER, reason: 'TooManyEvents', message: TOO_MANY_EVENTS });
    return problems;
  }

  function identityProblems(): Problem[] {
    return recognition.complaints(credentials.inUse()?.place).map((complaint) => ({ ...MEMBER, ...complaint }));
  }

  /** Waits for the first kubeconfig that can be used. */
  async function firstClient(signal: AbortSignal): Promise<MemberClient | undefined> {
    while (credentials.client() === undefined && !signal.aborted) await betweenProbes.pause(PROBE_PERIOD_MS, signal);
    return credentials.client();
  }

  const member: Member = {
    id,
    records,
    state: () => state,
    synced: watches.synced,
    current: isCurrent,
    version: () => version,
    server: () => credentials.client()?.server,
    credentialsEnd: renewal.ends,
    problems: () => [...identityProblems(), ...credentials.problems(), ...renewal.problems(), ...watches.problems(), ...ownProblems()],
    listing: (kind) => ({
      id,
      lists: () => watches.lists(kind),
      relist: () => watches.relist(kind),
      recognised: () => !isStranger(),
    }),
    reportsWithheld: () => watches.withheld('gatewayReport'),
    clusterUid: () => ({ shown: deps.identities.shown(id), recognised: deps.identities.recognised(id) }),
    recognised: () => !isStranger(),
    reconsider() {
      betweenProbes.interrupt();
      refresh();
    },
    writes,
    lease: lease.state,
    held: lease.held,
    reconsiderLease: lease.reconsider,
    forsake: lease.forsake,
    terms: () => terms,
    declare(declaration, reserved) {
      const newTerms = terms !== declaration.terms && !isDeepStrictEqual(terms, declaration.terms);
      if (ranges === undefined || newTerms || !isDeepStrictEqual(ranges.reserved, reserved)) {
        const { allowedCIDRs: allowed, serviceCIDRs: services } = declaration.terms;
        ranges = { allowed, ...(services !== undefined && { services }), reserved, place: declaration.termsPlace };
        records.setTerms(ranges);
      }
      const before = terms;
      terms = declaration.terms;
      const newCredentials = credentials.declare(declaration);
      if (newTerms || newCredentials) {
        betweenProbes.interrupt();
        renewal.changed();
        refresh();
      }
      if (newTerms) deps.termsChanged(member, before);
    },
    async run(signal) {
      const client = await firstClient(signal);
      if (client === undefined) return;
      const probed = (result: { readonly failure: KubeFailure | undefined; readonly version: string | undefined }): void => {
        if (failure !== undefined && result.failure === undefined) watches.retry();
        ({ failure, version } = result);
        refresh();
      };
      const failed = (error: unknown): void => {
        crash = error === undefined ? undefined : { kind: 'other', message: `following it failed: ${failureFromError(error).message}` };
        // Nobody is told now: who is told may be what failed.
        state = currentState();
        betweenProbes.interrupt();
      };
      const keep = (run: (attempt: AbortSignal) => Promise<void>): Promise<void> => keepRunning(run, { ...deps, log, failed }, signal);
      try {
        await Promise.all([
          keep((attempt) => probeLoop({ client, between: betweenProbes, random: deps.random, probed }, attempt)),
          keep((attempt) => watches.run(client, attempt)),
          keep((attempt) => lease.run(client, attempt)),
          watches.runFetches(client, signal),
          keep((attempt) => renewal.run(client, attempt)),
        ]);
      } finally {
        client.close();
      }
    },
  };
  return member;
}

const MEMBER = { subject: { kind: 'member' } } as const;
/** The connection is given up later: a busy API server may be slow for a moment. */
const SILENT_MS = 1_000;
const SILENT = { reason: 'Unreachable', message: 'its API server does not answer any more' } as const;
const BEHIND_MS = 10_000;
const TOO_MANY_EVENTS = `it sends more than ${INTAKE.perSecond} events a second, or as much in bytes, so what is known of it is late`;

/** A watch that has failed for a while. */
function failureOf({ kind, failure }: { readonly kind: WatchedKind; readonly failure: KubeFailure }): KubeFailure {
  const message = `cannot follow ${RESOURCE[kind].plural}, so what is known of them may be old: ${failure.message}`;
  return { ...failure, message };
}

/** An answer that says that all is well, and is not what was asked for. */
function isNonsense({ kind, code }: KubeFailure): boolean {
  return code === undefined && (kind === 'server' || kind === 'tooLarge');
}
