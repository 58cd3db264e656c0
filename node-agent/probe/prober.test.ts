/**
 * Two or more probers on a network of maps, in hand-driven time.
 */
import { describe, expect, test } from '@jest/globals';
import type { MeshSpec } from '../../core/api/mesh.js';
import type { Choices } from '../../core/failover/config.js';
import { createFailover } from '../../core/failover/failover.js';
import type { MissingSocket } from '../../core/failover/socketProblems.js';
import { emptyPlan } from '../../core/host/emptyPlan.js';
import { type NodePlan, PLANE_PROBE_PORT, PROBE_PORT, type ProbePath } from '../../core/mesh/plan.js';
import { createHandClock, SILENT, type HandClock } from '../../test/host/handClock.js';
import { createKeyring, type Keyring } from './keyring.js';
import { createProber, type Prober } from './prober.js';
import type { ProbeSockets } from './sockets.js';

const PRIVATE: Readonly<Record<string, string>> = {
  '10.4.0.1': 'yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=',
  '10.4.0.2': 'oK56DE9Ue9zK76rAc8pBl6opph+1v36lm7cXXsQKrQM=',
  '10.4.0.3': 'EKG1SvgZZUBDmDVNGqXVKhW7eTeIJU7IS3xZmoA1xVY=',
};

interface Packet {
  readonly from: { readonly address: string; readonly port: number };
  readonly to: { readonly address: string; readonly port: number };
  readonly packet: Uint8Array;
}

interface Network {
  readonly clock: HandClock;
  readonly packets: Packet[];
  /** Sockets that nobody gets. */
  missing: readonly MissingSocket[];
  /** Whether a packet gets through. */
  carries: (packet: Packet) => boolean;
  sockets(address: string): ProbeSockets;
  deliver(packet: Packet): void;
}

function network(): Network {
  const hosts = new Map<string, { ports: readonly number[]; receive: (packet: Uint8Array, from: Packet['from']) => void }>();
  const self: Network = {
    clock: createHandClock(),
    packets: [],
    missing: [],
    carries: () => true,
    deliver: (packet) => hosts.get(packet.to.address)?.receive(packet.packet, packet.from),
    sockets(address) {
      const host = { ports: [] as readonly number[], receive: (_packet: Uint8Array, _from: Packet['from']): void => undefined };
      hosts.set(address, host);
      return {
        want: (_addresses, ports) => void (host.ports = ports),
        has: (port) => host.ports.includes(port),
        missing: () => self.missing,
        onPacket: (receive) => void (host.receive = receive),
        close: () => void hosts.delete(address),
        send(port, to, packet) {
          const sent = { from: { address, port }, to, packet };
          if (!host.ports.includes(port)) return;
          self.packets.push(sent);
          if (self.carries(sent)) self.clock.after(1, () => self.deliver(sent));
        },
      };
    },
  };
  return self;
}

const keyOf = (address: string): string => Buffer.from(keyring(address).publicKey).toString('base64');
function keyring(address: string): Keyring {
  return createKeyring(PRIVATE[address] ?? '', { now: () => 0 });
}

const target = (address: string): ProbePath['targets'][number] => ({ name: address, publicKey: keyOf(address), address, segment: 'far' });

/** One's plan: two planes to the segment of the two others. */
const PLAN: NodePlan = {
  ...emptyPlan('one'),
  role: { kind: 'gateway', slot: 0 },
  meshAddresses: ['10.4.0.1'],
  groups: [{ id: 7, name: 'group/far', segment: 'far', candidates: [{ slot: 0, nexthop: 1, name: 'plane/0' }, { slot: 1, nexthop: 2, name: 'plane/1' }], active: [1] }],
  probing: {
    rules: [0, 1].map((plane) => ({ priority: 1109, family: 'inet', sport: PLANE_PROBE_PORT + plane, table: 1110 + plane })),
    kin: [],
    paths: [0, 1].map((slot) => ({ name: `tunnel/${slot}/far`, kind: 'tunnel', slot, segment: 'far', from: PLANE_PROBE_PORT + slot, answerVia: 0, targets: [target(`10.4.0.${slot + 2}`)] })),
  },
};

/** What the others plan: they know one, and probe nobody. */
function answering(address: string): NodePlan {
  const known: ProbePath = { name: 'tunnel/0/near', kind: 'tunnel', slot: 0, segment: 'near', from: PLANE_PROBE_PORT, answerVia: 0, targets: [{ ...target('10.4.0.1'), segment: 'near' }] };
  return { ...emptyPlan(address), role: { kind: 'gateway', slot: 0 }, meshAddresses: [address], probing: { rules: [{ priority: 1109, family: 'inet', sport: PLANE_PROBE_PORT, table: 1110 }], kin: [], paths: [known] } };
}

/** What a node plans that goes by the gateway 10.4.0.2 of its location, or is it. */
function neighbour(address: string): NodePlan {
  const near: ProbePath = { name: 'near/10.4.0.2', kind: 'near', slot: 0, node: '10.4.0.2', from: PROBE_PORT, targets: [target('10.4.0.2')] };
  const kin = Object.keys(PRIVATE).filter((other) => other !== address).map(target);
  return { ...emptyPlan(address), meshAddresses: [address], probing: { rules: [], kin, paths: address === '10.4.0.2' ? [] : [near] } };
}

interface Setting {
  readonly net: Network;
  readonly one: Prober;
  readonly two: Prober;
  readonly switches: string[];
  active(): readonly number[] | undefined;
  run(ms: number): Promise<void>;
}

function proberOf(net: Network, address: string, onSwitch: (choices: Choices) => void): Prober {
  return createProber({
    clock: net.clock, random: () => 0.5, log: SILENT, failover: createFailover(), keyring: keyring(address), sockets: net.sockets(address),
    onStall: () => undefined, onTunnelDown: () => undefined, onSockets: () => undefined, onSwitch,
  });
}

function setting(before: readonly number[] = [], probes: MeshSpec['probes'] = {}): Setting {
  const net = network();
  const switches: string[] = [];
  const make = (address: string, plan: NodePlan): Prober => {
    const prober = proberOf(net, address, (choices) => void switches.push(`${address} ${[...choices].map(([segment, names]) => `${segment} by ${names.join()}`).join()}`));
    prober.steer(plan, { probes }, new Map([[7, before]]));
    void prober.run(new AbortController().signal);
    return prober;
  };
  const one = make('10.4.0.1', PLAN);
  const two = make('10.4.0.2', answering('10.4.0.2'));
  make('10.4.0.3', answering('10.4.0.3'));
  return {
    net,
    one,
    two,
    switches,
    active: () => one.steer(PLAN, { probes }, new Map()).groups[0]?.active,
    run: (ms) => net.clock.advance(ms),
  };
}

describe('probers', () => {
  test('ask by the port of the plane, at the one port that answers, and are answered by the plane they name', async () => {
    const { net: { packets }, run } = setting();
    await run(2000);
    const ways = new Set(packets.map(({ from, to }) => `${from.address}:${from.port} ${to.address}:${to.port}`));
    expect([...ways].filter((way) => way.includes('10.4.0.2')).toSorted()).toEqual([
      `10.4.0.1:${PLANE_PROBE_PORT} 10.4.0.2:${PROBE_PORT}`,
      `10.4.0.2:${PLANE_PROBE_PORT} 10.4.0.1:${PLANE_PROBE_PORT}`,
      `10.4.0.2:${PLANE_PROBE_PORT} 10.4.0.1:${PROBE_PORT}`,
      `10.4.0.1:${PLANE_PROBE_PORT} 10.4.0.2:${PLANE_PROBE_PORT}`,
    ].toSorted());
  });

  test('find a path good, and dead, and switch', async () => {
    const world = setting();
    await world.run(2000);
    expect(world.one.status().map(({ path, state }) => `${path.name} ${state}`)).toEqual(['tunnel/0/far up', 'tunnel/1/far up']);
    world.net.carries = ({ from, to }) => from.address !== '10.4.0.2' && to.address !== '10.4.0.2';
    await world.run(1000);
    expect(world.switches).toEqual(['10.4.0.1 far by plane/1']);
    expect(world.active()).toEqual([2]);
  });

  test('go on with what the host uses', () => {
    expect(setting([2]).active()).toEqual([2]);
  });

  test.each([200, 1000])('leave: the others go, which ask every %d ms, and then it is done, soon', async (intervalMilliseconds) => {
    const world = setting([], { tunnel: { intervalMilliseconds } });
    await world.run(5000 + intervalMilliseconds / 2);
    let done: { readonly switches: number } | undefined;
    void world.two.leave().then(() => (done = { switches: world.switches.length }));
    for (let ms = 0; ms < 500 + 2 * intervalMilliseconds; ms += 10) {
      await world.run(10);
    }
    expect(world.switches).toEqual(['10.4.0.1 far by plane/1']);
    expect(done).toEqual({ switches: 1 });
  });

  test('tell each other of a gateway that is silent: one that asks it every two seconds finds it dead within one', async () => {
    const net = network();
    const [one, , three] = Object.keys(PRIVATE).map((address) => {
      const prober = proberOf(net, address, () => undefined);
      prober.steer(neighbour(address), { probes: { near: { intervalMilliseconds: address === '10.4.0.1' ? 100 : 2000 } } }, new Map());
      void prober.run(new AbortController().signal);
      return prober;
    });
    await net.clock.advance(10_000);
    net.packets.length = 0;
    net.carries = ({ from, to }) => from.address !== '10.4.0.2' && to.address !== '10.4.0.2';
    await net.clock.advance(1000);
    expect([one, three].map((prober) => prober?.status().map(({ state }) => state))).toEqual([['down'], ['down']]);
    const told = net.packets.filter(({ to }) => to.address === '10.4.0.3').map(({ packet, to }) => keyring(to.address).open(packet)?.message);
    expect(told).toContainEqual(expect.objectContaining({ kind: 'news', suspect: keyring('10.4.0.2').publicKey }));
  });

  test.each([0, 90, 180, 270, 360])('tell those who ask that they leave: these go at once, %d ms later, too', async (ms) => {
    const world = setting();
    await world.run(2000 + ms);
    const asked = world.net.packets.length;
    void world.two.leave();
    for (let step = 0; step < 8; step += 1) await world.run(10);
    expect(world.switches).toEqual(['10.4.0.1 far by plane/1']);
    expect(world.net.packets.length - asked).toBeLessThan(30);
  });

  test('tell of sockets that they have lacked for five seconds, and when they have them', async () => {
    const world = setting();
    const lacks = [{ address: '10.4.0.1', port: PROBE_PORT, code: 'EADDRNOTAVAIL' }];
    world.net.missing = lacks;
    await world.run(4900);
    expect(world.one.missingSockets()).toEqual([]);
    await world.run(300);
    expect(world.one.missingSockets()).toEqual(lacks);
    world.net.missing = [];
    await world.run(200);
    expect(world.one.missingSockets()).toEqual([]);
  });

  test('believe no answer that was given before', async () => {
    const world = setting();
    await world.run(2000);
    const recorded = world.net.packets.filter(({ from }) => from.address === '10.4.0.2');
    world.net.carries = ({ from, to }) => from.address !== '10.4.0.2' && to.address !== '10.4.0.2';
    for (let ms = 0; ms < 1500; ms += 50) {
      for (const packet of recorded.slice(-20)) world.net.deliver(packet);
      await world.run(50);
    }
    expect(world.switches).toEqual(['10.4.0.1 far by plane/1']);
  });

  test('take an answer from nobody but whom they asked', async () => {
    const world = setting();
    await world.run(500);
    world.net.carries = ({ from, to, packet }) => {
      // 10.4.0.3 answers in the place of 10.4.0.2, with its own key.
      if (to.address !== '10.4.0.2') return from.address !== '10.4.0.2';
      world.net.deliver({ from, to: { ...to, address: '10.4.0.3' }, packet });
      return false;
    };
    await world.run(1500);
    expect(world.one.status()[0]?.state).toBe('down');
  });
});
