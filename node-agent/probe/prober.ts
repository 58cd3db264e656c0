/**
 * Prober: moves the packets that core/failover decides by, and tells of its decisions.
 *
 * It goes on whatever becomes of API servers and of the hub: all it needs is the last plan. Answers are believed only from the node
 * that was asked; what a request or news says besides is believed from nodes of the plan only, and only if it is newer than the last.
 */
import { failoverConfig, choicesOf, steer, type Choices } from '../../core/failover/config.js';
import type { Effects, Failover, PathStatus, Probe, Switch } from '../../core/failover/failover.js';
import { createStallWatch, type Healing } from '../../core/failover/stall.js';
import type { MissingSocket } from '../../core/failover/socketProblems.js';
import type { Message } from '../../core/failover/message.js';
import type { MeshSpec } from '../../core/api/mesh.js';
import { type NodePlan, PLANE_PROBE_PORT, PROBE_PORT, type ProbeTarget } from '../../core/mesh/plan.js';
import type { Clock, Random } from '../../core/runtime/clock.js';
import type { Log } from '../../core/runtime/log.js';
import type { Keyring } from './keyring.js';
import type { ProbeSockets } from './sockets.js';

export interface Prober {
  /** `plan` with the ways to use now. `active`: the groups that the host has, to go on with after a start. */
  steer(plan: NodePlan, mesh: Pick<MeshSpec, 'probes'>, active: ReadonlyMap<number, readonly number[]>): NodePlan;
  run(signal: AbortSignal): Promise<void>;
  setDraining(draining: boolean): void;
  /** See Failover. */
  setSilent(segments: readonly string[]): void;
  /** Asks everybody to go other ways; resolves when nobody has used this one for a while, or it has waited long enough. */
  leave(): Promise<void>;
  status(): readonly PathStatus[];
  /** What could not be opened for some seconds. */
  missingSockets(): readonly MissingSocket[];
}

export interface ProberDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly failover: Failover;
  readonly keyring: Keyring;
  readonly sockets: ProbeSockets;
  onSwitch(choices: Choices, switches: readonly Switch[]): void;
  /** A tunnel fails: its far end may have moved. */
  onTunnelDown(): void;
  /** A tunnel is deaf. */
  onStall(healing: Healing): void;
  /** `missingSockets` says something else now. */
  onSockets(): void;
}

interface Asked {
  readonly path: string;
  readonly key: string;
}

export function createProber(deps: ProberDeps): Prober {
  const { clock, log, failover, keyring, sockets } = deps;
  const epoch = clock.wall();
  const ownKey = Buffer.from(keyring.publicKey).toString('base64');
  const own = BigInt(Math.floor(deps.random() * 2 ** 31));
  const stalls = createStallWatch();
  const asked = new Map<number, Asked>();
  const heard = new Map<string, { readonly epoch: number; readonly nonce: bigint }>();
  let known: ReadonlyMap<string, ProbeTarget> = new Map();
  let wanted: { readonly addresses: readonly string[]; readonly ports: readonly number[] } = { addresses: [], ports: [] };
  let told = 0;
  let missing: readonly MissingSocket[] = [];
  let missingSince: number | undefined;
  let quietMs = 0;
  let cancel = (): void => undefined;
  let running = false;
  let leaving = false;

  sockets.onPacket((packet, from) => {
    const opened = keyring.open(packet);
    if (opened !== undefined) receive(opened.message, opened.from, from);
  });

  function receive(message: Message, sender: string, from: { readonly address: string; readonly port: number }): void {
    const now = clock.now();
    if (message.kind === 'answer') {
      const number = Number(message.nonce & LOW);
      const question = asked.get(number);
      if (question === undefined || question.key !== sender || message.nonce >> 32n !== own) return;
      asked.delete(number);
      carryOut(failover.answered(question.path, number, message, now));
      return;
    }
    if (known.has(sender) && isNew(sender, message)) {
      const before = failover.next();
      if (message.kind === 'news') heed(Buffer.from(message.suspect).toString('base64'), sender, now);
      else failover.asked({ key: sender, inUse: message.inUse, forwards: message.forwards, plane: message.answerVia, assures: message.assures, relies: ownKey > sender }, now);
      if (failover.next() < before) schedule();
    }
    if (message.kind !== 'request') return;
    const by = message.answerVia === undefined ? PROBE_PORT : PLANE_PROBE_PORT + message.answerVia;
    const inUse = message.answerVia !== undefined && failover.uses(sender, message.answerVia);
    const packet = keyring.seal({ kind: 'answer', key: keyring.publicKey, epoch, nonce: message.nonce, report: failover.report(now), inUse }, sender);
    if (packet !== undefined) sockets.send(sockets.has(by) ? by : PROBE_PORT, from, packet);
  }

  function heed(subject: string, sender: string, now: number): void {
    if (subject === sender) failover.tells(sender, now);
    else failover.doubted(subject, now);
  }

  /** An old packet, sent again by somebody in between, says nothing. */
  function isNew(sender: string, message: Message): boolean {
    const stream = `${sender} ${message.kind}`;
    const last = heard.get(stream);
    if (last !== undefined && (message.epoch < last.epoch || (message.epoch === last.epoch && message.nonce <= last.nonce))) return false;
    heard.set(stream, { epoch: message.epoch, nonce: message.nonce });
    return true;
  }

  function carryOut({ probes, switches, changes, isNews }: Effects): void {
    for (const probe of probes) ask(probe);
    if (isNews) tell(ownKey);
    for (const { path, state, afterMs } of changes) {
      log.info('A path has changed', { path: path.name, state, afterMs: Math.round(afterMs) });
      // Others may find the same sooner, if they look at once.
      if (state === 'down' && (path.kind === 'near' || path.kind === 'tunnel')) tell(path.targets[0]?.publicKey ?? '');
      if (state === 'down' && path.kind === 'tunnel') deps.onTunnelDown();
    }
    if (switches.length === 0) return;
    for (const one of switches) log.warn('Traffic takes another way', { ...one });
    deps.onSwitch(failover.choices(), switches);
  }

  function ask({ path, target, nonce, inUse, forwards, assures }: Probe): void {
    asked.set(nonce, { path: path.name, key: target.publicKey });
    for (const old of asked.keys()) {
      if (asked.size <= MAX_ASKED) break;
      asked.delete(old);
    }
    const packet = keyring.seal({ kind: 'request', key: keyring.publicKey, epoch, nonce: (own << 32n) | BigInt(nonce), answerVia: path.answerVia, inUse, forwards, ...(assures ? { assures: failover.report(clock.now()) } : {}) }, target.publicKey);
    if (packet !== undefined) sockets.send(path.from, { address: target.address, port: PROBE_PORT }, packet);
  }

  function tell(suspect: string): void {
    for (const [key, { address }] of known) {
      if (key === suspect) continue;
      told += 1;
      const packet = keyring.seal({ kind: 'news', key: keyring.publicKey, epoch, nonce: (own << 32n) | BigInt(told), suspect: Buffer.from(suspect, 'base64') }, key);
      if (packet !== undefined) sockets.send(PROBE_PORT, { address, port: PROBE_PORT }, packet);
    }
  }

  function openSockets(): void {
    sockets.want(wanted.addresses, wanted.ports);
    const now = sockets.missing();
    if (now.length === 0) missingSince = undefined;
    else missingSince ??= clock.now();
    const lasting = missingSince === undefined ? [] : clock.now() - missingSince < PATIENCE_MS ? missing : now;
    if (JSON.stringify(lasting) === JSON.stringify(missing)) return;
    missing = lasting;
    deps.onSockets();
  }

  function schedule(): void {
    cancel();
    if (!running) return;
    // What is due at about the same time is done in one go: waking up costs more than a probe.
    const now = clock.now();
    cancel = clock.after(Math.max(0, Math.ceil(Math.max(now + MIN_WAIT_MS, failover.next()) / GRAIN_MS) * GRAIN_MS - now), tick);
  }

  function tick(): void {
    cancel = () => undefined;
    if (!running) return;
    carryOut(failover.tick(clock.now()));
    schedule();
  }

  return {
    steer(plan, mesh, active) {
      const config = failoverConfig(plan, mesh.probes);
      known = new Map([...config.kin, ...config.paths.flatMap(({ targets }) => targets)].map((target) => [target.publicKey, target]));
      for (const stream of heard.keys()) if (!known.has(stream.split(' ')[0] ?? '')) heard.delete(stream);
      wanted = plan.probing === undefined
        ? { addresses: [], ports: [] }
        : { addresses: plan.meshAddresses, ports: [PROBE_PORT, ...new Set(plan.probing.rules.map(({ sport }) => sport))] };
      quietMs = LEAVE_INTERVALS * Math.max(config.settings.near.intervalMs, config.settings.tunnel.intervalMs);
      failover.adopt(choicesOf(plan, active));
      failover.configure(config, clock.now());
      schedule();
      return steer(plan, failover.choices());
    },
    async run(signal) {
      running = true;
      const stops = [
        every(clock, REFRESH_MS, openSockets),
        every(clock, STALLS_MS, () => {
          for (const healing of stalls.look(failover.status(clock.now()), failover.choices(), clock.now())) deps.onStall(healing);
        }),
      ];
      tick();
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        else signal.addEventListener('abort', () => resolve(), { once: true });
      });
      running = false;
      cancel();
      for (const stop of stops) stop();
      sockets.close();
    },
    setSilent: (segments) => failover.setSilent(segments),
    setDraining(draining) {
      failover.setDraining(draining || leaving, clock.now());
      schedule();
    },
    async leave() {
      leaving = true;
      failover.setDraining(true, clock.now());
      schedule();
      const began = clock.now();
      const atMost = Math.min(Math.max(LEAVE_MS, 2 * quietMs), LEAVE_MAX_MS);
      do await new Promise<void>((resolve) => void clock.after(LEAVE_STEP_MS, resolve));
      while (clock.now() - began < atMost && failover.isUsed(clock.now(), quietMs));
    },
    status: () => failover.status(clock.now()),
    missingSockets: () => missing,
  };
}

const LOW = 0xffff_ffffn;
const MAX_ASKED = 65_536;
const MIN_WAIT_MS = 4;
const GRAIN_MS = 20;
const REFRESH_MS = 200;
/** An address comes with the first pass, and an agent before this one goes within a second. */
const PATIENCE_MS = 5000;
const STALLS_MS = 1000;
const LEAVE_STEP_MS = 50;
/** Of the interval at which users ask: after so long without one of them nobody is left. */
const LEAVE_INTERVALS = 1.5;
const LEAVE_MS = 1500;
/** The DaemonSet's terminationGracePeriodSeconds, less what else there is to end. */
const LEAVE_MAX_MS = 4000;

/** Now, and every `ms` until the returned function is called. */
function every(clock: Clock, ms: number, run: () => void): () => void {
  let stop = (): void => undefined;
  const again = (): void => {
    stop = clock.after(ms, again);
    run();
  };
  again();
  return () => stop();
}
