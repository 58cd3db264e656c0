/**
 * All nodes of a layout with their probers, in simulated time: their packets go where their plans and their choices of the moment lead.
 */
import { PLANE_PROBE_PORT, PROBE_PORT, RELAY_PROBE_PORT, VXLAN_PORT } from '../../../core/api/ports.js';
import { createFailover } from '../../../core/failover/failover.js';
import { decodeMessage, encodeMessage } from '../../../core/failover/message.js';
import type { Clock } from '../../../core/runtime/clock.js';
import type { Keyring } from '../../../node-agent/probe/keyring.js';
import { createProber, type Prober } from '../../../node-agent/probe/prober.js';
import type { ProbeSockets } from '../../../node-agent/probe/sockets.js';
import { SILENT } from '../../host/handClock.js';
import { type Layout, type LayoutNode, nodesOf } from './layout.js';
import { type Breakage, createPackets, type FirstHop, type Packets } from './packets.js';

interface SimulatedFederation {
  readonly nodes: readonly LayoutNode[];
  readonly packets: Packets;
  readonly switches: readonly { readonly at: number; readonly node: string; readonly segment: string; readonly to: readonly string[] }[];
  /** From now on this is broken, and nothing else. */
  break(breakage: Breakage): void;
  /** From now on whoever wakes up gets its turn that many milliseconds later; each call says how many. */
  delayTurns(lateMs: () => number): void;
  prober(node: string): Prober;
  now(): number;
  /** Calls `look` every LOOK_MS. */
  run(ms: number, look?: () => void): void;
  stop(): void;
}

const LOOK_MS = 20;
/** How long a process has the core once it has its turn. */
const RUNNING_MS = 1;

/** Runs from its making; the first seconds find out what works. */
export function simulate(layout: Layout): SimulatedFederation {
  const nodes = nodesOf(layout);
  const events = createEvents();
  let breakage: Breakage = {};
  let lateMs = (): number => 0;
  /** When each has its turn: until then it waits for it. */
  const turns = new Map<string, number>();
  const switches: { at: number; node: string; segment: string; to: readonly string[] }[] = [];
  const byAddress = new Map(nodes.map((node) => [node.plan.meshAddresses[0] ?? '', node.name]));
  const receivers = new Map<string, Parameters<ProbeSockets['onPacket']>[0]>();

  const probers = new Map(
    nodes.map((node): [string, Prober] => {
      const { name } = node;
      // What came before it is read after what it had to do: as in an event loop, where timers come first.
      const whenRunning = (at: number, run: () => void): (() => void) => {
        let cancel = events.at(at, () => (cancel = events.at(turnOf(name), run)));
        return () => cancel();
      };
      const clock: Clock = {
        now: () => events.now(),
        wall: () => 1_700_000_000_000 + events.now(),
        after: (ms, run) => whenRunning(events.now() + ms, run),
      };
      const prober = createProber({
        clock,
        random: () => 0.5,
        log: SILENT,
        failover: createFailover(),
        keyring: keyringOf(node),
        sockets: socketsOf(node),
        onSwitch: (_choices, all) => void switches.push(...all.map(({ segment, to }) => ({ at: events.now(), node: name, segment, to }))),
        onTunnelDown: () => undefined,
        onSockets: () => undefined,
        onChange: () => undefined,
      });
      return [name, prober];
    }),
  );
  const proberOf = (name: string): Prober => {
    const prober = probers.get(name);
    if (prober === undefined) throw new Error(`no node ${name}`);
    return prober;
  };
  const packets = createPackets(
    nodes,
    (name) => proberOf(name).choices(),
    () => breakage,
  );

  function socketsOf({ name, plan }: LayoutNode): ProbeSockets {
    return {
      want: () => undefined,
      has: () => true,
      missing: () => [],
      close: () => undefined,
      afterReading: (run) => void events.at(events.now(), () => events.at(events.now(), run)),
      onPacket: (receive) => void receivers.set(name, receive),
      send(from, { address }, packet) {
        const to = byAddress.get(address);
        if (to === undefined || breakage.agent?.(name) === true) return;
        const ms = packets.travel(name, to, firstHop(plan, from));
        if (ms === undefined) return;
        const sender = { address: plan.meshAddresses[0] ?? '', port: from };
        receiverOf(to, ms, () => receivers.get(to)?.(packet, sender));
      },
    };
    function receiverOf(to: string, ms: number, run: () => void): void {
      events.at(events.now() + ms, () => {
        if (breakage.agent?.(to) === true) return;
        const turn = turnOf(to);
        events.at(turn, turn > events.now() ? () => events.at(turn, run) : run);
      });
    }
  }

  /** When a node that wakes up now does something. */
  function turnOf(name: string): number {
    const now = events.now();
    const turn = turns.get(name) ?? Number.NEGATIVE_INFINITY;
    // One that runs goes on for a moment.
    if (turn > now) return turn;
    if (now - turn <= RUNNING_MS) return now;
    const next = now + lateMs();
    turns.set(name, next);
    return next;
  }

  const running = nodes.map(({ name, plan }) => {
    const stopping = new AbortController();
    proberOf(name).steer(plan, {}, new Map());
    void proberOf(name).run(stopping.signal);
    return stopping;
  });

  return {
    nodes,
    packets,
    switches,
    break: (next) => void (breakage = next),
    delayTurns: (late) => void (lateMs = late),
    prober: proberOf,
    now: () => events.now(),
    run(ms, look) {
      for (const end = events.now() + ms; events.now() < end;) {
        events.runUntil(Math.min(end, events.now() + LOOK_MS));
        look?.();
      }
    },
    stop: () => running.forEach((each) => each.abort()),
  };
}

function firstHop(plan: LayoutNode['plan'], port: number): FirstHop | undefined {
  if (port === PROBE_PORT || port >= VXLAN_PORT) return undefined;
  if (port < RELAY_PROBE_PORT) return { plane: port - PLANE_PROBE_PORT };
  const slot = port - RELAY_PROBE_PORT;
  const relay = plan.probing?.paths.find((path) => path.kind === 'lan' && path.slot === slot);
  return relay !== undefined && 'node' in relay ? { node: relay.node } : undefined;
}

/** Everybody believes everybody: who says what is no concern here. */
function keyringOf({ object }: LayoutNode): Keyring {
  const open: Keyring['openKnown'] = (packet) => {
    const message = decodeMessage(packet);
    return message === undefined ? undefined : { message, from: Buffer.from(message.key).toString('base64') };
  };
  return {
    publicKey: Buffer.from(object.spec.publicKey, 'base64'),
    know: () => undefined,
    seal: (message) => encodeMessage(message),
    open,
    openKnown: open,
  };
}

interface Events {
  now(): number;
  at(time: number, run: () => void): () => void;
  runUntil(time: number): void;
}

/** In order of time, and of being asked for. */
function createEvents(): Events {
  interface Event {
    readonly at: number;
    readonly run: () => void;
    cancelled: boolean;
  }
  const queue: Event[] = [];
  let now = 0;
  return {
    now: () => now,
    at(time, run) {
      const event: Event = { at: Math.max(now, time), run, cancelled: false };
      let place = queue.length;
      while (place > 0 && (queue[place - 1]?.at ?? 0) > event.at) place -= 1;
      queue.splice(place, 0, event);
      return () => void (event.cancelled = true);
    },
    runUntil(time) {
      for (let event = queue[0]; event !== undefined && event.at <= time; event = queue[0]) {
        queue.shift();
        now = event.at;
        if (!event.cancelled) event.run();
      }
      now = time;
    },
  };
}
