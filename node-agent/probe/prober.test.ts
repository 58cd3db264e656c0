/**
 * Two or more probers on a network of maps, in hand-driven time.
 */
import { describe, expect, test } from '@jest/globals';
import type { MeshSpec } from '../../core/api/meshSpec.js';
import type { Choices } from '../../core/failover/choices.js';
import { createFailover } from '../../core/failover/failover.js';
import { HEALTHY } from '../../core/failover/report.js';
import { emptyPlan } from '../../core/host/emptyPlan.js';
import type { NodePlan } from '../../core/mesh/plan.js';
import { PLANE_PROBE_PORT, PROBE_PORT } from '../../core/api/ports.js';
import type { ProbePath } from '../../core/mesh/probing.js';
import { SILENT } from '../../test/host/handClock.js';
import { createProber, type Prober } from './prober.js';
import { keyring, type Network, network, PRIVATE, target } from '../../test/fakes/probeNetwork.js';

/** One's plan: two planes to the segment of the two others. */
const PLAN: NodePlan = {
  ...emptyPlan('one'),
  role: { kind: 'gateway', slot: 0 },
  meshAddresses: ['10.4.0.1'],
  groups: [
    {
      id: 7,
      name: 'group/far',
      segment: 'far',
      paths: [
        { kind: 'plane', slot: 0, nexthop: 1, name: 'plane/0' },
        { kind: 'plane', slot: 1, nexthop: 2, name: 'plane/1' },
      ],
      active: [1],
    },
  ],
  probing: {
    rules: [0, 1].map((plane) => ({ priority: 1109, family: 'inet', sport: PLANE_PROBE_PORT + plane, table: 1110 + plane })),
    segmentPeers: [],
    paths: [0, 1].map((slot) => ({
      name: `tunnel/${slot}/far`,
      kind: 'tunnel',
      slot,
      segment: 'far',
      from: PLANE_PROBE_PORT + slot,
      answerVia: 0,
      targets: [target(`10.4.0.${slot + 2}`)],
    })),
  },
};

/** What the others plan: they know one, and probe nobody. */
function answering(address: string): NodePlan {
  const known: ProbePath = {
    name: 'tunnel/0/near',
    kind: 'tunnel',
    slot: 0,
    segment: 'lan',
    from: PLANE_PROBE_PORT,
    answerVia: 0,
    targets: [{ ...target('10.4.0.1'), segment: 'lan' }],
  };
  return {
    ...emptyPlan(address),
    role: { kind: 'gateway', slot: 0 },
    meshAddresses: [address],
    probing: { rules: [{ priority: 1109, family: 'inet', sport: PLANE_PROBE_PORT, table: 1110 }], segmentPeers: [], paths: [known] },
  };
}

/** What a node plans that goes by the gateway 10.4.0.2 of its location, or is it. */
function neighbour(address: string): NodePlan {
  const near: ProbePath = {
    name: 'lan/10.4.0.2',
    kind: 'lan',
    slot: 0,
    node: '10.4.0.2',
    from: PROBE_PORT,
    targets: [target('10.4.0.2')],
  };
  const segmentPeers = Object.keys(PRIVATE)
    .filter((other) => other !== address)
    .map(target);
  return {
    ...emptyPlan(address),
    meshAddresses: [address],
    probing: { rules: [], segmentPeers, paths: address === '10.4.0.2' ? [] : [near] },
  };
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
    clock: net.clock,
    random: () => 0.5,
    log: SILENT,
    failover: createFailover(),
    keyring: keyring(address),
    sockets: net.sockets(address),
    onTunnelDown: () => undefined,
    onChange: () => undefined,
    onSockets: () => undefined,
    onSwitch,
  });
}

function setting(
  before: readonly number[] = [],
  probes: MeshSpec['probes'] = {},
  senders: NonNullable<NodePlan['probing']>['senders'] = [],
): Setting {
  const steered: NodePlan = PLAN.probing === undefined ? PLAN : { ...PLAN, probing: { ...PLAN.probing, senders } };
  const net = network();
  const switches: string[] = [];
  const make = (address: string, plan: NodePlan): Prober => {
    const prober = proberOf(
      net,
      address,
      (choices) => void switches.push(`${address} ${[...choices].map(([segment, names]) => `${segment} by ${names.join()}`).join()}`),
    );
    prober.steer(plan, { probes }, new Map([[7, before]]));
    void prober.run(new AbortController().signal);
    return prober;
  };
  const one = make('10.4.0.1', steered);
  const two = make('10.4.0.2', answering('10.4.0.2'));
  make('10.4.0.3', answering('10.4.0.3'));
  return {
    net,
    one,
    two,
    switches,
    active: () => one.steer(steered, { probes }, new Map()).groups[0]?.active,
    run: (ms) => net.clock.advance(ms),
  };
}

describe('probers', () => {
  test('ask by the port of the plane, at the one port that answers, and are answered by the plane they name', async () => {
    const {
      net: { packets },
      run,
    } = setting();
    await run(2000);
    const hops = new Set(packets.map(({ from, to }) => `${from.address}:${from.port} ${to.address}:${to.port}`));
    expect([...hops].filter((hop) => hop.includes('10.4.0.2')).toSorted()).toEqual(
      [
        `10.4.0.1:${PLANE_PROBE_PORT} 10.4.0.2:${PROBE_PORT}`,
        `10.4.0.2:${PLANE_PROBE_PORT} 10.4.0.1:${PLANE_PROBE_PORT}`,
        `10.4.0.2:${PLANE_PROBE_PORT} 10.4.0.1:${PROBE_PORT}`,
        `10.4.0.1:${PLANE_PROBE_PORT} 10.4.0.2:${PLANE_PROBE_PORT}`,
      ].toSorted(),
    );
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

  test.each([200, 1000])('leave: the others go, which ask every %d ms, and then it is done, soon', async (periodMilliseconds) => {
    const world = setting([], { tunnel: { periodMilliseconds: periodMilliseconds } });
    await world.run(5000 + periodMilliseconds / 2);
    let done: { readonly switches: number } | undefined;
    void world.two.leave(new AbortController().signal).then(() => (done = { switches: world.switches.length }));
    for (let ms = 0; ms < 500 + 2 * periodMilliseconds; ms += 10) {
      await world.run(10);
    }
    expect(world.switches).toEqual(['10.4.0.1 far by plane/1']);
    expect(done).toEqual({ switches: 1 });
  });

  test('leave, and wait for nobody once told to stop', async () => {
    const world = setting();
    await world.run(2000);
    const stop = new AbortController();
    let done = false;
    void world.two.leave(stop.signal).then(() => (done = true));
    await world.run(10);
    expect(done).toBe(false);
    stop.abort();
    await world.run(1);
    expect(done).toBe(true);
  });

  test('tell each other of a silent gateway: a node that probes it every two seconds finds it dead within one', async () => {
    const net = network();
    const [one, , three] = Object.keys(PRIVATE).map((address) => {
      const prober = proberOf(net, address, () => undefined);
      prober.steer(neighbour(address), { probes: { lan: { periodMilliseconds: address === '10.4.0.1' ? 100 : 2000 } } }, new Map());
      void prober.run(new AbortController().signal);
      return prober;
    });
    await net.clock.advance(10_000);
    net.packets.length = 0;
    net.carries = ({ from, to }) => from.address !== '10.4.0.2' && to.address !== '10.4.0.2';
    await net.clock.advance(1000);
    expect([one, three].map((prober) => prober?.status().map(({ state }) => state))).toEqual([['down'], ['down']]);
    const told = net.packets
      .filter(({ to }) => to.address === '10.4.0.3')
      .map(({ packet, to }) => keyring(to.address).open(packet)?.message);
    expect(told).toContainEqual(expect.objectContaining({ kind: 'suspect', suspect: keyring('10.4.0.2').publicKey }));
  });

  test.each([0, 90, 180, 270, 360])('tell those who probe them that they leave: these switch at once, %d ms later, too', async (ms) => {
    const world = setting();
    await world.run(2000 + ms);
    const asked = world.net.packets.length;
    void world.two.leave(new AbortController().signal);
    for (let step = 0; step < 8; step += 1) await world.run(10);
    expect(world.switches).toEqual(['10.4.0.1 far by plane/1']);
    expect(world.net.packets.length - asked).toBeLessThan(30);
  });

  test('report sockets that have been missing for five seconds, and that they have them again', async () => {
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

describe('M6: a prober that strangers flood', () => {
  /** Of `keys` and no authenticity, as fast as 20,000 in a second, for two seconds. */
  async function flood(world: Setting, address: string): Promise<void> {
    const sample = world.net.packets.find(({ to }) => to.address === '10.4.0.1');
    if (sample === undefined) throw new Error('nothing was sent');
    for (let ms = 0; ms < 2000; ms += 10) {
      for (let index = 0; index < 200; index += 1) {
        const packet = sample.packet.slice();
        new DataView(packet.buffer, packet.byteOffset).setUint32(4, ms * 1000 + index);
        world.net.deliver({ from: { address, port: 40_000 }, to: sample.to, packet });
      }
      await world.run(10);
    }
  }

  const senders = [{ prefixes: ['10.4.0.0/16'] }, { member: 'evil', prefixes: ['10.60.0.9/32'] }];

  test.each([
    ['from anywhere', '198.51.100.7'],
    ["from a pod of another member's", '10.60.4.9'],
    ["from a node of another member's", '10.60.0.9'],
    ['from an address of the own mesh', '10.4.0.77'],
  ])('%s loses no probe of a node of its plan, and answers none of them', async (_what, address) => {
    const world = setting([], {}, senders);
    await world.run(3000);
    const before = world.one.status();
    await flood(world, address);
    expect(world.one.status().map(({ state, loss }) => [state, loss])).toEqual(before.map(() => ['up', 0]));
    expect(world.switches).toEqual([]);
    expect(world.net.packets.filter(({ to }) => to.address === address)).toEqual([]);
  });

  test("answers a node of another member's that it does not know, and tells it nothing of itself", async () => {
    const world = setting([], {}, senders);
    await world.run(3000);
    world.one.setDraining(true);
    const asks = keyring('10.4.0.2');
    const message = {
      kind: 'request',
      key: asks.publicKey,
      epoch: 9,
      nonce: 1n,
      answerVia: undefined,
      inUse: false,
      forwards: 'unknown',
    } as const;
    const ask = async (address: string): Promise<unknown> => {
      // As if the plan did not have it.
      world.one.steer({ ...PLAN, probing: { rules: [], paths: [], segmentPeers: [], senders } }, {}, new Map());
      const packet = asks.seal(message, Buffer.from(keyring('10.4.0.1').publicKey).toString('base64')) ?? new Uint8Array();
      world.net.deliver({ from: { address, port: PROBE_PORT }, to: { address: '10.4.0.1', port: PROBE_PORT }, packet });
      await world.run(5);
      const [answer] = world.net.packets.filter(({ to }) => to.address === address);
      return answer === undefined ? undefined : asks.open(answer.packet)?.message;
    };
    expect(await ask('10.60.0.9')).toMatchObject({ kind: 'answer', nonce: 1n, report: HEALTHY });
    expect(await ask('10.60.4.9')).toBeUndefined();
  });
});

test('L8: a member that suspects everybody all the time makes no more than a few bursts of probes', async () => {
  const world = setting();
  await world.run(3000);
  const probes = (): number => world.net.packets.filter(({ from, to }) => from.address === '10.4.0.1' && to.port === PROBE_PORT).length;
  const suspect = async (perSecond: number): Promise<number> => {
    const before = probes();
    const liar = keyring('10.4.0.3');
    for (let ms = 0; ms < 5000; ms += 1000 / perSecond) {
      nonce += 1n;
      const message = {
        kind: 'suspect',
        key: liar.publicKey,
        epoch: 9_000_000_000_000,
        nonce,
        suspect: keyring('10.4.0.2').publicKey,
      } as const;
      const packet = liar.seal(message, Buffer.from(keyring('10.4.0.1').publicKey).toString('base64')) ?? new Uint8Array();
      world.net.deliver({ from: { address: '10.4.0.3', port: PROBE_PORT }, to: { address: '10.4.0.1', port: PROBE_PORT }, packet });
      await world.run(1000 / perSecond);
    }
    return probes() - before;
  };
  let nonce = 0n;
  const [few, many] = [await suspect(5), await suspect(100)];
  expect(many).toBeLessThan(2 * few);
});
