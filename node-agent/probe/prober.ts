/**
 * Prober: moves the packets that core/failover decides by, and reports its decisions.
 *
 * It goes on whatever becomes of API servers and of the hub: all it needs is the last plan. Answers are believed only from the node
 * that was asked. Whatever else a message says is believed only from nodes of the plan, and only if it is newer than the last. Other
 * nodes of the mesh, which ask through gateways of theirs, are answered and no more. Nobody else is.
 */
import type { MeshSpec } from '../../core/api/meshSpec.js';
import { choicesOf, type Choices, steer } from '../../core/failover/choices.js';
import { failoverConfig, type FailoverConfig } from '../../core/failover/config.js';
import type { Effects, PathStatus, Switch } from '../../core/failover/effects.js';
import type { Failover } from '../../core/failover/failover.js';
import { isReporter } from '../../core/failover/pathTable.js';
import type { Message, ProbeRequest, SuspectMessage } from '../../core/failover/message.js';
import type { MissingSocket } from '../../core/failover/socketProblems.js';
import { PROBE_PORT } from '../../core/api/ports.js';
import type { NodePlan } from '../../core/mesh/plan.js';
import type { ProbeTarget } from '../../core/mesh/probing.js';
import { parseCidr } from '../../core/net/cidr.js';
import { createPrefixMap } from '../../core/net/prefixMap.js';
import type { Clock, Random } from '../../core/runtime/clock.js';
import type { Log } from '../../core/runtime/log.js';
import { pause } from '../../core/runtime/pause.js';
import { type Keyring, OWN_CLUSTER, type StrangerGroup } from './keyring.js';
import { createMessenger, type Sender } from './messenger.js';
import { createPendingProbes } from './pendingProbes.js';
import { createReplayWindow } from './replayWindow.js';
import type { ProbeSockets } from './sockets.js';
import { createSocketWatch } from './socketWatch.js';
import { createSuspicions } from './suspicions.js';
import { createTicker } from './ticker.js';

export interface Prober {
  /** `plan` with the paths to use now. `active`: the groups that the host has, to go on with after a start. */
  steer(plan: NodePlan, mesh: Pick<MeshSpec, 'probes'>, active: ReadonlyMap<number, readonly number[]>): NodePlan;
  run(signal: AbortSignal): Promise<void>;
  setDraining(draining: boolean): void;
  /** See Failover. */
  setUnreachable(segments: readonly string[]): void;
  /**
   * Asks everybody to take other paths. Resolves when nobody has used this node for a while, after some seconds, or when `signal` aborts.
   */
  leave(signal: AbortSignal): Promise<void>;
  status(): readonly PathStatus[];
  choices(): Choices;
  /** When the node of the plan with that WireGuard key was last heard; undefined: never. */
  heard(key: string): Heard | undefined;
  isDraining(): boolean;
  /** What could not be opened for some seconds. */
  missingSockets(): readonly MissingSocket[];
}

/** In the clock of `now`. */
export interface Heard {
  readonly at: number;
  /** By a plane of ours, which its probes name as that to answer by. At most as many as there are planes. */
  readonly byPlane: ReadonlyMap<number, number>;
}

interface ProberDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly failover: Failover;
  readonly keyring: Keyring;
  readonly sockets: ProbeSockets;
  onSwitch(choices: Choices, switches: readonly Switch[]): void;
  /** A tunnel fails: its far end may have moved. */
  onTunnelDown(): void;
  /** Paths are in other states, or this node drains or no longer does. */
  onChange(): void;
  /** `missingSockets` says something else now. */
  onSockets(): void;
}

export function createProber(deps: ProberDeps): Prober {
  const { clock, log, failover, keyring, sockets } = deps;
  const ownKey = Buffer.from(keyring.publicKey).toString('base64');
  const life = BigInt(Math.floor(deps.random() * 2 ** 31));
  const pending = createPendingProbes(life);
  const replays = createReplayWindow();
  const suspicions = createSuspicions();
  const socketWatch = createSocketWatch(sockets, clock);
  const messenger = createMessenger({ keyring, sockets, epoch: clock.wall(), life, report: () => failover.report(clock.now()) });
  const ticker = createTicker({
    clock,
    next: () => failover.next(),
    tick: () => carryOut(failover.tick(clock.now())),
    afterReading: (run) => sockets.afterReading(run),
  });
  /** By WireGuard key. */
  let nodes: ReadonlyMap<string, ProbeTarget> = new Map();
  /** Whose node may be at an address; undefined: nobody's, and what comes from there costs nothing. */
  let groupOf: (address: string) => StrangerGroup | undefined = () => undefined;
  /** By WireGuard key. */
  const heard = new Map<string, { at: number; readonly byPlane: Map<number, number> }>();
  let quietMs = 0;
  let leaving = false;
  let isDraining = false;

  sockets.onPacket((packet, from) => {
    const known = keyring.openKnown(packet);
    if (known !== undefined) {
      receive(known.message, { key: known.from, ...from });
      return;
    }
    const stranger = groupOf(from.address);
    const opened = stranger === undefined ? undefined : keyring.open(packet, stranger);
    if (opened !== undefined) receive(opened.message, { key: opened.from, ...from, stranger });
  });

  function receive(message: Message, sender: Sender): void {
    if (sender.stranger === undefined) hear(message, sender.key);
    if (message.kind === 'answer') {
      const probe = pending.take(message.nonce, sender.key);
      if (probe !== undefined) carryOut(failover.onAnswer(probe.path, probe.nonce, message, clock.now()));
      return;
    }
    if (isHeard(message, sender.key)) {
      const before = failover.next();
      if (message.kind === 'suspect') onSuspect(message, sender.key);
      else onProbe(message, sender.key);
      if (failover.next() < before) ticker.reschedule();
    }
    if (message.kind === 'request') {
      const inUse = message.answerVia !== undefined && failover.uses(sender.key, message.answerVia);
      messenger.answer(message, inUse, sender);
    }
  }

  function hear(message: Message, key: string): void {
    if (!nodes.has(key)) return;
    const one = heard.get(key) ?? { at: 0, byPlane: new Map<number, number>() };
    heard.set(key, one);
    one.at = clock.now();
    if (message.kind === 'request' && message.answerVia !== undefined) one.byPlane.set(message.answerVia, one.at);
  }

  /** All nodes of another member count as one sender: it has as many as it likes. */
  function isHeard(message: Message, key: string): boolean {
    const node = nodes.get(key);
    if (node === undefined || !replays.accept(key, message)) return false;
    return message.kind !== 'suspect' || suspicions.accept(node.member ?? key, clock.now());
  }

  function onSuspect(message: SuspectMessage, sender: string): void {
    const suspect = Buffer.from(message.suspect).toString('base64');
    if (suspect === sender) failover.onSelfUpdate(sender, clock.now());
    else failover.onSuspect(suspect, clock.now());
  }

  function onProbe({ inUse, forwards, answerVia, vouches }: ProbeRequest, key: string): void {
    failover.onProbe({ key, inUse, forwards, plane: answerVia, vouches, relies: ownKey > key }, clock.now());
  }

  function carryOut({ probes, switches, changes, selfUpdate }: Effects): void {
    for (const probe of probes) messenger.probe(probe, pending.add(probe));
    if (selfUpdate) messenger.suspect(ownKey, nodes);
    if (changes.length > 0 || switches.length > 0) deps.onChange();
    for (const { path, state, afterMs } of changes) {
      log.info('A path has changed', { path: path.name, state, afterMs: Math.round(afterMs) });
      // Others may find the same sooner, if they look at once.
      if (state === 'down' && isReporter(path)) messenger.suspect(path.targets[0]?.publicKey ?? '', nodes);
      if (state === 'down' && path.kind === 'tunnel') deps.onTunnelDown();
    }
    if (switches.length === 0) return;
    for (const one of switches) log.warn('Traffic takes another path', { ...one });
    deps.onSwitch(failover.choices(), switches);
  }

  /** Until `signal` aborts. */
  async function openSockets(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (socketWatch.refresh()) deps.onSockets();
      await pause(REFRESH_MS, signal, clock);
    }
  }

  function setDraining(draining: boolean): void {
    if (draining !== isDraining) deps.onChange();
    isDraining = draining;
    failover.setDraining(draining, clock.now());
    ticker.reschedule();
  }

  return {
    steer(plan, mesh, active) {
      const config = failoverConfig(plan, mesh.probes);
      nodes = nodesOf(config);
      groupOf = groupsOf(plan);
      keyring.know(nodes.keys());
      replays.keepOnly(nodes);
      for (const key of heard.keys()) if (!nodes.has(key)) heard.delete(key);
      const ports = plan.probing === undefined ? [] : [PROBE_PORT, ...new Set(plan.probing.rules.map(({ sport }) => sport))];
      socketWatch.want(plan.probing === undefined ? [] : plan.meshAddresses, ports);
      quietMs = LEAVE_PERIODS * Math.max(config.settings.lan.periodMs, config.settings.tunnel.periodMs);
      failover.adopt(choicesOf(plan, active));
      failover.configure(config, clock.now());
      ticker.reschedule();
      return steer(plan, failover.choices());
    },
    async run(signal) {
      const opening = openSockets(signal);
      ticker.start();
      await opening;
      ticker.stop();
      sockets.close();
    },
    setUnreachable: (segments) => failover.setUnreachable(segments),
    setDraining: (draining) => setDraining(draining || leaving),
    async leave(signal) {
      leaving = true;
      setDraining(true);
      const began = clock.now();
      const atMost = Math.min(Math.max(LEAVE_MS, 2 * quietMs), LEAVE_MAX_MS);
      do await pause(LEAVE_STEP_MS, signal, clock);
      while (!signal.aborted && clock.now() - began < atMost && failover.isUsed(clock.now(), quietMs));
    },
    status: () => failover.status(clock.now()),
    choices: () => failover.choices(),
    heard: (key) => heard.get(key),
    isDraining: () => isDraining,
    missingSockets: () => socketWatch.missing(),
  };
}

const REFRESH_MS = 200;
const LEAVE_STEP_MS = 50;
/** Of the period at which users probe: after so long without one of them nobody is left. */
const LEAVE_PERIODS = 1.5;
const LEAVE_MS = 1500;
/** The DaemonSet's terminationGracePeriodSeconds, less what else there is to end. */
const LEAVE_MAX_MS = 4000;

function nodesOf({ segmentPeers, paths }: FailoverConfig): ReadonlyMap<string, ProbeTarget> {
  return new Map([...segmentPeers, ...paths.flatMap(({ targets }) => targets)].map((target) => [target.publicKey, target]));
}

function groupsOf({ probing }: NodePlan): (address: string) => StrangerGroup | undefined {
  const groups = createPrefixMap<StrangerGroup>();
  for (const { member = OWN_CLUSTER, prefixes } of probing?.senders ?? []) {
    for (const prefix of prefixes) {
      const cidr = parseCidr(prefix);
      if (cidr !== undefined) groups.set(cidr, member);
    }
  }
  return (address) => {
    const cidr = parseCidr(address);
    return cidr === undefined ? undefined : groups.covering(cidr)[0];
  };
}
