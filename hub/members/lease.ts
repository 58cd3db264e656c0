/**
 * This hub's hold on what a Lease stands for, such as one member: it takes the Lease, renews it, and lets go of it at the end (core/lease).
 *
 * A hold ends some time before the Lease may be taken by another hub, counted from before the renewal was sent. So two hubs never both hold
 * one, as long as their clocks run about equally fast.
 */
import { setMaxListeners } from 'node:events';
import { HUB_LEASE_SECONDS, hubLeaseObject, type LeasePlace, readHubLease, type SeenLease, seenLease } from '../../core/lease/hubLease.js';
import { judgeLease } from '../../core/lease/judgeLease.js';
import { FIELD_MANAGER } from '../../core/api/names.js';
import { RESOURCE, resourcePath } from '../../core/api/resources.js';
import type { Clock } from '../../core/runtime/clock.js';
import type { Log } from '../../core/runtime/log.js';
import { createInterruptiblePause } from '../../core/runtime/pause.js';
import type { KubeClient, KubeFailure, KubeResult } from '../../kube/wire/client.js';
import { microTime } from '../../kube/wire/timestamp.js';

/** Who a hub is. */
export interface HubIdentity {
  readonly federation: string;
  /** Of all hubs of the federation, this process; also after it was restarted in its place. */
  readonly instance: string;
}

export type LeaseState =
  | { readonly kind: 'held' }
  /** It is not held yet, or not any more. */
  | { readonly kind: 'wanted'; readonly failure?: KubeFailure }
  /** Another hub of the federation holds it, or is to hold it. `twin`: one of the same name. */
  | { readonly kind: 'waiting'; readonly holder: string; readonly twin: boolean }
  /** The member belongs to another federation. */
  | { readonly kind: 'foreign'; readonly federation: string };

/** Of a hub that leaves all writes to another one. */
export interface Standby {
  /** `<federation>/<instance>` of the active hub. Undefined: it is not known yet. */
  readonly active: string | undefined;
}

export interface HubLease {
  state(): LeaseState;
  /** Aborts when the hold ends. Undefined: the Lease is not held. */
  tenure(): AbortSignal | undefined;
  /** Resolves with the next hold, or undefined when `signal` aborts. */
  held(signal: AbortSignal): Promise<AbortSignal | undefined>;
  /** Looks again now: `standby` or `marks` may say something else. */
  reconsider(): void;
  /** Nothing of the federation is left in the member: once it is let go, any may take it. */
  forsake(): void;
  /** Holds it whenever that is possible, until `signal` aborts. Then lets go. */
  run(client: KubeClient, signal: AbortSignal): Promise<void>;
}

interface HubLeaseDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly hub: HubIdentity;
  readonly changed: () => void;
  readonly place: LeasePlace;
  /** Undefined: this hub may hold it. Else it stands by, for whom the Lease names, or for one that it does not know yet. */
  readonly standby: () => Standby | undefined;
  /** Of the federation's name on what hubs wrote there. It decides where the Lease names none. Undefined: not all was read yet. */
  readonly marks: () => ReadonlySet<string> | undefined;
  /** Resolves when no write is under way, after so many milliseconds at most. */
  readonly idle: (ms: number) => Promise<void>;
}

const RENEW_MS = 2_000;
const REQUEST_MS = 2_500;
const RETRY_MS = 1_000;
/** After somebody else wrote it. */
const CONTEST_MS = 200;
const FOREIGN_MS = 5_000;
/** A hold ends so long before the Lease expires. */
const MARGIN_MS = 2_000;
const HOLD_MS = HUB_LEASE_SECONDS * 1000 - MARGIN_MS;
const LAST_WRITES_MS = 1_000;
const LETTING_GO_MS = 2_000;

export function createHubLease(deps: HubLeaseDeps): HubLease {
  const { clock, place } = deps;
  const log = deps.log.with({ lease: `${place.namespace}/${place.name}` });
  const path = resourcePath(RESOURCE.lease, place.namespace, place.name);
  const { federation } = deps.hub;
  const holder = `${federation}/${deps.hub.instance}`;
  const between = createInterruptiblePause(clock);
  const waiters = new Set<() => void>();
  let seen: SeenLease | undefined;
  let acquired: string | undefined;
  let everHeld = false;
  let hold: { readonly stop: AbortController; until: number; cancel: () => void } | undefined;
  /** The Lease is not as this process wrote it last. */
  let doubted = false;
  let forsaken = false;
  let idle: LeaseState = { kind: 'wanted' };

  function letLapse(): void {
    if (hold === undefined) return;
    hold.cancel();
    hold.stop.abort();
    hold = undefined;
  }

  function tenure(): AbortSignal | undefined {
    // The timer may be late.
    if (hold !== undefined && clock.now() >= hold.until) letLapse();
    return hold?.stop.signal;
  }

  function become(state: LeaseState): void {
    if (JSON.stringify(state) === JSON.stringify(idle)) return;
    idle = state;
    if (state.kind === 'waiting') log.info('Another hub holds the Lease, so this one waits', { holder: state.holder });
    deps.changed();
  }

  function lost(): void {
    letLapse();
    log.warn('The Lease was lost');
    deps.changed();
  }

  function holdUntil(until: number): void {
    const lapse = (): void => {
      if (hold !== undefined) lost();
    };
    hold?.cancel();
    const cancel = clock.after(Math.max(0, until - clock.now()), lapse);
    if (hold !== undefined) {
      hold.until = until;
      hold.cancel = cancel;
      return;
    }
    const stop = new AbortController();
    // Each write under way listens, more than the number that Node warns about.
    setMaxListeners(0, stop.signal);
    hold = { stop, until, cancel };
    everHeld = true;
    idle = { kind: 'wanted' };
    log.info('The hub holds the Lease', { holder });
    for (const wake of waiters) wake();
    deps.changed();
  }

  async function call(client: KubeClient, method: 'GET' | 'PUT', body: unknown, signal: AbortSignal): Promise<KubeResult<SeenLease>> {
    const answer = await client.call<unknown>({
      method,
      path,
      ...(body !== undefined && { body, query: { fieldManager: FIELD_MANAGER.hub } }),
      timeoutMs: REQUEST_MS,
      signal,
    });
    if (!answer.ok) return answer;
    const read = readHubLease(answer.value);
    return read.ok
      ? { ok: true, value: seenLease(read.value, seen, clock.now()) }
      : { ok: false, error: { kind: 'server', message: `what came is no Lease: ${read.error}` } };
  }

  /** Writes the Lease as held. Returns when to go on, in milliseconds. */
  async function write(client: KubeClient, signal: AbortSignal): Promise<number> {
    const began = clock.now();
    const wall = microTime(clock.wall());
    const taking = tenure() === undefined;
    // It stays the same for this process, also where it lost the Lease meanwhile: that it is not known for its own must not happen.
    acquired ??= wall;
    const transitions = (seen?.transitions ?? 0) + Number(seen?.holder !== holder);
    const body = hubLeaseObject({ ...place, version: seen?.version, federation, holder, acquired, renewed: wall, transitions });
    const written = await call(client, 'PUT', body, signal);
    if (written.ok) {
      seen = written.value;
      holdUntil(began + HOLD_MS);
      return RENEW_MS;
    }
    // No renewal can help: it is told now, not when the hold has ended.
    const lasting = written.error.kind === 'forbidden' || (written.error.kind === 'notFound' && seen === undefined);
    if (lasting && !taking) lost();
    if (lasting || taking) become({ kind: 'wanted', failure: written.error });
    doubted = written.error.code !== undefined;
    return doubted ? CONTEST_MS : RETRY_MS;
  }

  function isOurs(lease: SeenLease): boolean {
    return lease.holder === holder && lease.acquired === acquired && lease.federation === federation;
  }

  async function look(client: KubeClient, signal: AbortSignal): Promise<number> {
    const found = await call(client, 'GET', undefined, signal);
    if (!found.ok && found.error.kind !== 'notFound') {
      if (tenure() === undefined) become({ kind: 'wanted', failure: found.error });
      return RETRY_MS;
    }
    doubted = false;
    seen = found.ok ? found.value : undefined;
    if (tenure() !== undefined) {
      if (seen === undefined || isOurs(seen)) return write(client, signal);
      lost();
    }
    const verdict = judgeLease(seen, { federation, holder, acquired: everHeld ? acquired : undefined }, clock.now());
    switch (verdict.kind) {
      case 'take':
        return take(client, signal);
      case 'wait':
        become({ kind: 'waiting', holder: verdict.holder, twin: verdict.twin });
        return Math.min(RETRY_MS, verdict.ms);
      default:
        become(verdict);
        return FOREIGN_MS;
    }
  }

  /** A Lease may have been deleted, or never made, beside objects of another federation. */
  function take(client: KubeClient, signal: AbortSignal): Promise<number> {
    const standby = deps.standby();
    if (standby !== undefined) {
      become(standby.active === undefined ? { kind: 'wanted' } : { kind: 'waiting', holder: standby.active, twin: false });
      return Promise.resolve(RETRY_MS);
    }
    if (seen?.federation !== undefined) return write(client, signal);
    const marks = deps.marks();
    const foreign = [...(marks ?? [])].find((name) => name !== federation);
    if (foreign !== undefined) become({ kind: 'foreign', federation: foreign });
    if (marks === undefined || foreign !== undefined) return Promise.resolve(foreign === undefined ? RETRY_MS : FOREIGN_MS);
    return write(client, signal);
  }

  async function letGo(client: KubeClient): Promise<void> {
    const version = tenure() === undefined ? undefined : seen?.version;
    letLapse();
    if (version === undefined) return;
    await deps.idle(LAST_WRITES_MS);
    const late = new AbortController();
    const cancel = clock.after(LETTING_GO_MS, () => late.abort());
    const written = await Promise.race([writeReleased(client, version, late.signal), aborted(late.signal)]);
    cancel();
    if (!written.ok) log.warn('The Lease could not be let go: it expires by itself', { reason: written.error.message });
  }

  async function writeReleased(client: KubeClient, version: string, signal: AbortSignal): Promise<KubeResult<unknown>> {
    const renewed = microTime(clock.wall());
    const put = (replaced: string): Promise<KubeResult<unknown>> => {
      const [owner, transitions] = [forsaken ? undefined : federation, seen?.transitions ?? 0];
      const content = {
        ...place,
        version: replaced,
        federation: owner,
        holder: undefined,
        acquired: acquired ?? renewed,
        renewed,
        transitions,
      };
      return call(client, 'PUT', hubLeaseObject(content), signal);
    };
    const written = await put(version);
    if (written.ok || written.error.code === undefined) return written;
    // The answer to the last renewal may not have been waited for.
    const found = await call(client, 'GET', undefined, signal);
    return found.ok && found.value.holder === holder && found.value.acquired === acquired ? put(found.value.version) : written;
  }

  return {
    state: () => (tenure() === undefined ? idle : { kind: 'held' }),
    tenure,
    async held(signal) {
      while (!signal.aborted) {
        const now = tenure();
        if (now !== undefined) return now;
        await new Promise<void>((resolve) => {
          const wake = (): void => {
            waiters.delete(wake);
            signal.removeEventListener('abort', wake);
            resolve();
          };
          waiters.add(wake);
          signal.addEventListener('abort', wake, { once: true });
        });
      }
      return undefined;
    },
    reconsider: between.interrupt,
    forsake() {
      forsaken = true;
    },
    async run(client, signal) {
      while (!signal.aborted) {
        if (tenure() !== undefined && deps.standby() !== undefined) await letGo(client);
        const next = tenure() === undefined || doubted ? await look(client, signal) : await write(client, signal);
        if (!signal.aborted) await between.pause(next, signal);
      }
      await letGo(client);
    },
  };
}

function aborted(signal: AbortSignal): Promise<KubeResult<never>> {
  return new Promise((resolve) =>
    signal.addEventListener('abort', () => resolve({ ok: false, error: { kind: 'timeout', message: 'no answer in time' } }), {
      once: true,
    }),
  );
}
